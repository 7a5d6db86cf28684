"""Writing what belongs to one run."""

from collections.abc import Mapping
from pathlib import Path

from nipype.interfaces.base import File, traits

from gradshift.bids import outputs
from gradshift.bids.write import write_json
from gradshift.bids.writetable import write_table
from gradshift.participant.nodes.atlas import atlas_digests, read_atlas, read_regions
from gradshift.participant.nodes.outcome import Save, SaveSpec
from gradshift.participant.nodes.records import CleanedRun, DenoisedRun, RegionQuality
from gradshift.running.packing import Failure, load


class _RunSpec(SaveSpec):
    denoised = File(exists=True, mandatory=True, desc="outcome of Denoise")
    entities = traits.Dict(mandatory=True, desc="BIDS entities of the run")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    recipe = traits.Str(mandatory=True, desc="name of the primary recipe")
    recipe_digest = traits.Str(desc="digest of the primary recipe")
    motion_filter = traits.Str(desc="what the motion parameters were filtered with")


class SaveRun(Save):
    """Write the quality tables and the coverage of one run."""

    input_spec = _RunSpec

    def save(self, root: Path) -> list[Path]:
        """Write what is known of the run."""
        run = load(self.inputs.denoised, DenoisedRun)
        if isinstance(run, Failure):
            return []
        files = [
            self._save_coverage(root, atlas, quality)
            for atlas, quality in zip(self.inputs.atlases, run.quality, strict=False)
        ]
        cleaned = run.cleaned.get(self.inputs.recipe)
        if cleaned is not None and len(cleaned.kept):
            files += self._save_quality(root, run, cleaned)
        return files

    def _save_coverage(self, root: Path, atlas: str, quality: RegionQuality) -> Path:
        names = read_regions(atlas).names
        path = outputs.coverage_path(root, self.inputs.entities, read_atlas(atlas).entities)
        status = [quality.reasons.get(name, "ok") for name in names]
        described = {
            "name": "Region of the atlas",
            "coverage": "Share of the region's voxels or vertices in the brain mask with signal",
            "n_voxels": "Voxels or vertices of the region in the run",
            "tsnr": "Temporal mean over standard deviation, averaged over them",
            "status": "ok, or why the region is n/a in all results",
        }
        unknown = ["n/a"] * len(names)
        columns = (
            names,
            quality.coverage,
            unknown if quality.n_voxels is None else quality.n_voxels,
            unknown if quality.tsnr is None else quality.tsnr,
            status,
        )
        write_table(path, list(described), zip(*columns, strict=True))
        resolution = outputs.resolution(self.inputs.entities)
        origin = {
            **self.inputs.provenance,
            **atlas_digests(read_atlas(atlas), self.inputs.entities),
        }
        write_json(outputs.sidecar(path), {**_columns(described), **resolution, **origin})
        return path

    def _save_quality(self, root: Path, run: DenoisedRun, cleaned: CleanedRun) -> list[Path]:
        recipe, entities = self.inputs.recipe, self.inputs.entities
        quality = outputs.quality_path(root, entities)
        described = {
            "fd": "Framewise displacement (mm)",
            "dvars": "Standardised DVARS",
            "kept": f"1 for volumes retained by the recipe {recipe}, 0 for others",
        }
        columns = [run.fd, run.dvars, cleaned.kept.astype(int)]
        if run.unfiltered_fd is not None:
            columns.append(run.unfiltered_fd)
            how = self.inputs.motion_filter or "filter of the program that denoised"
            described["fd"] += f" of motion parameters after a {how}"
            described["fd_unfiltered"] = "Framewise displacement (mm) of parameters as they were"
        write_table(quality, list(described), zip(*columns, strict=True))
        origin = {**self.inputs.provenance, "RecipeDigest": self.inputs.recipe_digest}
        write_json(outputs.sidecar(quality), {**_columns(described), **origin})
        outliers = outputs.outliers_path(root, entities)
        write_table(outliers, cleaned.censored_for, cleaned.censored.astype(int))
        described = {name: f"1 for volumes left out: {name}" for name in cleaned.censored_for}
        write_json(outputs.sidecar(outliers), {**_columns(described), **origin})
        return [quality, outliers]


def _columns(described: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Describe the columns of a table as BIDS wants it."""
    return {name: {"Description": text} for name, text in described.items()}
