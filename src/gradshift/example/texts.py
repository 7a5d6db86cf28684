"""The words in the files of the simulated study."""

NOTE = "SIMULATED data made by gradshift-example: no person was scanned."

README = """\
# SIMULATED study: scans before and after one dose of ketamine

**Nobody was scanned. All data here are simulated**, written by `gradshift-example` to try out
and test gradshift, a BIDS App. They say nothing about ketamine.

The imagined study: healthy men, one resting-state scan before (`ses-pre`) and one after
(`ses-post`) a single open-label dose; about half came back after a day, the others after about
a week. There is no placebo group.

- `derivatives/fmriprep/`: what an analysis needs, in the layout of fMRIPrep (which did not run).
- `derivatives/petprep/`: regional curves of a synaptic density tracer, in the layout of PETPrep
  (which did not run); `sub-*/ses-*/pet/`: stand-ins for the scans, and arterial blood.
- `mrs_ACC_Glu` in `sub-*/sub-*_sessions.tsv`: glutamate in the anterior cingulate.
- `dissociation`, `heart_rate` and `plasma` beside it: a rating, a rate and a level;
  `code/model.json` names them for the group level.
- `sub-*/ses-*/func/`: stand-ins for the raw scans, every fourth voxel of the preprocessed ones.
- `derivatives/simulation/truth.json`: what was planted in `ses-post`, and what an analysis
  should find. Look there last.

The signals follow the average functional connectome of 200 cortical regions of the Human
Connectome Project (as shipped by BrainSpace 0.3.0, BSD-3-Clause), with random differences
between people and days. Subcortical structures (Melbourne atlas, scale II) have signals of their
own. Head motion, breathing, tissue signals, drift and noise spoil them.
With the same options and seed the study is written the same, byte for byte.
"""

TRUTH_README = """\
# SIMULATED study: the truth

`truth.json` holds what was planted in the sessions after the drug, and the changes that an
analysis should find after cleaning. The names are those of gradshift's tables: measure, level,
label, atlas and recipe say which value it is; `mean_change` and `sd_change` (from person to
person, so that the power of a study can be told) are in its unit. They come from a simulation of
many people, `n` of them with a usable value in both sessions; `se` is the standard error of
`mean_change`. Gradients that are too unlike the reference to be used are left out of both, as the
group level leaves them out: the larger the effect, the more of them.
`PlantedMolecules` holds what was planted in PET and spectroscopy, `PlantedScores` what in ratings
and heart rates, and `PlantedSystems` what the thalamus gains of the signal of sensory networks.
`maps.tsv` is the planted change of every region's mean connection, beside a map of chance.
`ExpectedChanges` is null when the study was made with an effect for which none were computed
(other than 0, 0.5, 1, 1.5 and 2).

`planted.tsv` has the same in short, a row for every planted change: the change of the mean
connectome itself (`planted`), and what is left of it after denoising (`expected`). The group level
of gradshift sets it beside what was found.
"""

PARTICIPANTS = {
    "age": {"Description": "Age at the first scan (simulated)", "Units": "year"},
    "sex": {"Description": "Sex (simulated)", "Levels": {"M": "male"}},
    "group": {
        "Description": "Arm of the study; there is only one",
        "Levels": {"ketamine": "one dose of ketamine, open label"},
    },
}

SESSIONS = {
    "acq_time": {"Description": "Start of the scan (simulated; dates moved to the past)"},
    "days_since_dose": {
        "Description": "Whole days from the dose to the scan; n/a before the dose",
        "Units": "day",
    },
    "treatment": {
        "Description": "The drug that the session comes before or after",
        "Levels": {"ketamine": "one dose of ketamine, open label"},
    },
    "timepoint": {
        "Description": "Place of the session in the study",
        "Levels": {"pre": "before the dose", "post": "after the dose"},
    },
}

PET = {
    "Description": NOTE,
    "Manufacturer": "none (simulated)",
    "ManufacturersModelName": "none (simulated)",
    "Units": "Bq/mL",
    "BodyPart": "brain",
    "TracerName": "UCB-J",
    "TracerRadionuclide": "C11",
    "InjectedRadioactivity": 400,
    "InjectedRadioactivityUnits": "MBq",
    "InjectedMass": 1,
    "InjectedMassUnits": "ug",
    "SpecificRadioactivity": 400,
    "SpecificRadioactivityUnits": "MBq/ug",
    "ModeOfAdministration": "bolus",
    "TimeZero": "11:00:00",
    "ScanStart": 0,
    "InjectionStart": 0,
    "AcquisitionMode": "dynamic",
    "ImageDecayCorrected": True,
    "ImageDecayCorrectionTime": 0,
    "ReconMethodName": "simulated",
    "ReconMethodParameterLabels": ["none"],
    "ReconMethodParameterUnits": ["none"],
    "ReconMethodParameterValues": [0],
    "ReconFilterType": "none",
    "ReconFilterSize": 0,
    "AttenuationCorrection": "none (simulated)",
}

BLOOD = {
    "Description": NOTE,
    "PlasmaAvail": True,
    "WholeBloodAvail": True,
    "MetaboliteAvail": True,
    "MetaboliteMethod": "simulated",
    "MetaboliteRecoveryCorrectionApplied": False,
    "DispersionCorrected": False,
    "time": {"Description": "Time after injection", "Units": "s"},
    "plasma_radioactivity": {"Description": "Activity in plasma", "Units": "kBq/mL"},
    "whole_blood_radioactivity": {"Description": "Activity in whole blood", "Units": "kBq/mL"},
    "metabolite_parent_fraction": {
        "Description": "Share of plasma activity that is unchanged tracer",
        "Units": "arbitrary",
    },
}

GLUTAMATE = {
    "Description": "Glutamate in the anterior cingulate by MR spectroscopy (simulated)",
    "Units": "i.u.",
}
