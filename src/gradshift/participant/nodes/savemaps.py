"""Giving the maps of BOLD sessions, of voxels or vertices, their BIDS names."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
from nipype.interfaces.base import File, InputMultiPath, traits

from gradshift.bids import outputs
from gradshift.bids.mapimages import Ground, Surface, VoxelGrid
from gradshift.bids.write import write_json
from gradshift.core.measures import measures
from gradshift.core.series.maps import MAPS
from gradshift.core.series.smooth import smooth
from gradshift.images.onsurface import read_series
from gradshift.participant.nodes.atlas import atlas_digests, read_atlas
from gradshift.participant.nodes.outcome import Save, SaveSpec
from gradshift.participant.nodes.sessionrecords import SessionMaps, VoxelMaps
from gradshift.running.packing import Failure, load

SEED_MAP: Mapping[str, object] = {
    "Description": "Connectivity with the posterior cingulate: correlation of each voxel or "
    "vertex with the mean series of its regions.",
    "Units": "Fisher z",
}


class _MapsSpec(SaveSpec):
    voxelwise = File(exists=True, mandatory=True, desc="outcome of Voxelwise")
    entities = traits.Dict(mandatory=True, desc="BIDS entities of the session")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    recipe_digests = traits.Dict(desc="digests of the recipes, by name")
    shape = traits.Tuple(traits.Int, traits.Int, traits.Int, desc="voxels along x, y and z")
    affine = traits.List(traits.List(traits.Float), desc="voxels to mm")
    surface = traits.List(traits.Str, desc="of a surface, the file or both files of a run on it")
    smoothing = traits.Float(desc="full width at half maximum in mm")
    sources = InputMultiPath(traits.Str, desc="the files read, as URIs")
    software = traits.Str(mandatory=True, desc="name and version")


class SaveMaps(Save):
    """Write the maps of one session."""

    input_spec = _MapsSpec
    seconds = 3.0

    def save(self, root: Path) -> list[Path]:
        """Write the maps of every recipe, and the seed maps of every atlas."""
        session = load(self.inputs.voxelwise, VoxelMaps)
        if isinstance(session, Failure):
            return []
        files = []
        for recipe, maps in session.recipes.items():
            for name in MAPS:
                if name in maps.maps:
                    target = self._target(recipe, {})
                    path = outputs.map_path(root, target, name)
                    measure = measures()[name]
                    described = {
                        "Description": measure.methods,
                        "Units": measure.unit,
                        **self._origin(recipe),
                    }
                    files.append(self._save(path, maps, maps.maps[name], described))
            for atlas in map(read_atlas, self.inputs.atlases):
                if atlas.name in maps.seeds:
                    target = self._target(recipe, atlas.entities)
                    path = outputs.map_path(root, target, "zpcc")
                    digests = atlas_digests(atlas, self.inputs.entities)
                    described = {**SEED_MAP, **self._origin(recipe), **digests}
                    files.append(self._save(path, maps, maps.seeds[atlas.name], described))
        return files

    @cached_property
    def _ground(self) -> Ground:
        """Where the values of all maps lie."""
        if self.inputs.surface:
            return Surface(read_series(*map(Path, self.inputs.surface)).places)
        return VoxelGrid(self.inputs.shape, np.array(self.inputs.affine))

    def _origin(self, recipe: str) -> dict[str, object]:
        """Say what a map comes from."""
        return {
            **self.inputs.provenance,
            "RecipeDigest": self.inputs.recipe_digests[recipe],
        }

    def _target(self, recipe: str, atlas: Mapping[str, str]) -> outputs.Target:
        return outputs.Target(entities=self.inputs.entities, atlas=atlas, recipe=recipe)

    def _save(
        self, path: Path, maps: SessionMaps, values: np.ndarray, described: Mapping[str, object]
    ) -> Path:
        fwhm = 0.0 if self.inputs.surface else self.inputs.smoothing
        if fwhm:
            zooms = np.sqrt((np.array(self.inputs.affine)[:3, :3] ** 2).sum(axis=0))
            values = smooth(values, maps.places, self.inputs.shape, tuple(zooms), fwhm)
        self._ground.write(path, values, maps.places)
        content = {
            **described,
            **outputs.resolution(self.inputs.entities),
            "SkullStripped": True,
            "SmoothingFWHM": fwhm,
            "Remarks": maps.remarks,
            "Sources": list(self.inputs.sources),
            "Software": self.inputs.software,
        }
        for one in outputs.files_of_map(path):
            write_json(outputs.sidecar(one), content)
        return path
