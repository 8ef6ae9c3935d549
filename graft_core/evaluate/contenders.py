"""Which encoders are measured on a sensor, and what they are measured against."""

from collections.abc import Sequence
from dataclasses import dataclass

from graft_core.errors import ModelError
from graft_core.models.catalogue import DEMO_TEACHER, SENSOR_GSD
from graft_core.models.encoder import LazyEncoder
from graft_core.models.registry import default_encoder_name, list_models, load_encoder
from graft_core.types import Level, SensorName


@dataclass(frozen=True)
class Contender:
    """The encoders of one sensor; towers load when they are first used."""

    sensor: SensorName
    """Whose imagery."""
    encoder: LazyEncoder
    """What the figures of tiles and density are of: the encoder that was named, else the default one."""
    image_level: LazyEncoder
    """What pixel-level training is compared with."""
    image_tokens: LazyEncoder
    """The same weights, every token."""
    pixel_level: LazyEncoder | None
    """None where there is none."""
    teacher: LazyEncoder
    """The photo tower that never saw the world from above."""
    teacher_tokens: LazyEncoder
    """The same weights, every token."""

    def names(self, segmentation: bool) -> dict[str, str]:
        """What the figures are of, for whoever reads them."""
        named = {"encoder": self.encoder.spec.name}
        if segmentation:
            named["image_level"] = self.image_level.spec.name
            if self.pixel_level is not None:
                named["pixel_level"] = self.pixel_level.spec.name
        return named


def choose_contenders(
    names: Sequence[str], sensors: Sequence[SensorName], known: Sequence[SensorName]
) -> list[Contender]:
    """The encoders to measure, sensor by sensor.

    Args:
        names: registry names or paths. Each replaces the default encoder of its level for the sensors it was trained
            for; one that was trained for no sensor does so for all.
        sensors: measure these and no others, with encoders of another sensor too where none of their own is named.
        known: sensors that can be measured.

    Raises:
        ModelError: a name is unknown, or two encoders of one level are named for one sensor.
    """
    trained_for = {name: load_encoder(name).spec.sensor for name in names}
    wanted = sensors or [each for each in known if not names or {each, "rgb"} & set(trained_for.values())]
    chosen = []
    for sensor in wanted:
        own = [name for name, trained in trained_for.items() if trained in (sensor, "rgb")]
        chosen.append(_contender(sensor, own or list(names)))
    return chosen


def _contender(sensor: SensorName, names: Sequence[str]) -> Contender:
    named: dict[Level, str] = {}
    for name in names:
        level = load_encoder(name).spec.level
        if level in named:
            raise ModelError(
                f"{named[level]!r} and {name!r} are both of {level} level and for {sensor}: measure one at a time."
            )
        named[level] = name
    image = named.get("tile", default_encoder_name(sensor))
    pixel = named.get("patch", _default_pixel_level(sensor))
    first = named.get("tile") or named.get("patch") or image
    return Contender(
        sensor=sensor,
        encoder=_load(first, sensor),
        image_level=_load(image, sensor),
        image_tokens=_load(image, sensor, "patch"),
        pixel_level=None if pixel is None else _load(pixel, sensor),
        teacher=_load(DEMO_TEACHER, sensor),
        teacher_tokens=_load(DEMO_TEACHER, sensor, "patch"),
    )


def _default_pixel_level(sensor: SensorName) -> str | None:
    """The shipped pixel-level encoder, where it is here."""
    name = f"{default_encoder_name(sensor)}-patch"
    return name if any(entry.name == name and entry.present for entry in list_models()) else None


def _load(name: str, sensor: SensorName, level: Level | None = None) -> LazyEncoder:
    """At the resolution of the sensor, whatever the encoder was trained at."""
    return load_encoder(name, gsd=SENSOR_GSD[sensor], level=level)
