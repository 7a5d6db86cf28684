"""The mathematics: arrays in, arrays out. Nothing here knows where its arrays came from."""
