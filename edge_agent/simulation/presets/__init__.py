"""Roads that come with the package: `quy_nhon`, a city junction full of motorcycles, and `motorway`."""

from pathlib import Path

from edge_agent.simulation.plan import PlanError, Simulation, load_plan

FOLDER = Path(__file__).parent


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load(plan: str) -> Simulation:
    """A preset by its name, or a file by its path. Raises PlanError."""
    if plan in names():
        return load_plan(FOLDER / f"{plan}.toml")
    if Path(plan).suffix != ".toml":
        raise PlanError(f"{plan}: no preset is called so ({', '.join(names())}); a file's name ends with .toml")
    return load_plan(Path(plan))
