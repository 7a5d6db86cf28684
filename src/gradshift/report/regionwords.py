"""Regions of the Schaefer atlases in words; others keep their names."""

import re

from gradshift.report import words

SIDES = {"LH": "left", "RH": "right"}

PARCELS = {
    "pCunPCC": "precuneus and posterior cingulate",
    "pCun": "precuneus",
    "PFC": "prefrontal",
    "PFCl": "lateral prefrontal",
    "PFCld": "dorsolateral prefrontal",
    "PFClv": "ventrolateral prefrontal",
    "PFCd": "dorsal prefrontal",
    "PFCm": "medial prefrontal",
    "PFCmp": "posterior medial prefrontal",
    "PFCv": "ventral prefrontal",
    "PFCdPFCm": "dorsal and medial prefrontal",
    "Par": "parietal",
    "IPL": "inferior parietal",
    "IPS": "intraparietal sulcus",
    "SPL": "superior parietal",
    "ParOper": "parietal operculum",
    "ParMed": "medial parietal",
    "ParOcc": "parieto-occipital",
    "Temp": "temporal",
    "TempPole": "temporal pole",
    "TempPar": "temporo-parietal",
    "TempOcc": "temporo-occipital",
    "TempOccPar": "temporo-occipito-parietal",
    "PHC": "parahippocampal",
    "Rsp": "retrosplenial",
    "Cing": "cingulate",
    "Cinga": "anterior cingulate",
    "Cingm": "middle cingulate",
    "Cingp": "posterior cingulate",
    "Med": "medial",
    "OFC": "orbitofrontal",
    "FEF": "frontal eye field",
    "PrC": "precentral",
    "PrCv": "ventral precentral",
    "PrCd": "dorsal precentral",
    "Post": "posterior",
    "FrOper": "frontal operculum",
    "FrOperIns": "frontal operculum and insula",
    "Ins": "insula",
    "Aud": "auditory",
    "S2": "secondary somatosensory",
    "Cent": "central",
    "Striate": "striate",
    "ExStr": "extrastriate",
    "ExStrInf": "inferior extrastriate",
    "ExStrSup": "superior extrastriate",
    "StriCal": "striate and calcarine",
}
"""Abbreviations of the Schaefer atlases (Yeo's group, ``Schaefer2018_LocalGlobal``)."""

NAME = re.compile(
    r"(?:7|17)Networks_(?P<side>[LR]H)_(?P<network>[^_]+)(?:_(?P<part>\D.*?))?_(?P<n>\d+)"
)


def region(name: str) -> str:
    """Put the name of a region into words.

    Parameters
    ----------
    name : str
        Such as ``7Networks_LH_Default_pCunPCC_2``.
    """
    match = NAME.fullmatch(name)
    if match is None:
        return name
    parts = [PARCELS.get(part, part) for part in (match["part"] or "").split("_") if part]
    place = " ".join([*parts, match["n"]])
    return f"{SIDES[match['side']]} {words.network(match['network'])}, {place}"
