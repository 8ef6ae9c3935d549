"""A training run from its configuration to an encoder in the registry, with everything about it in one folder.

``weights/runs/NAME`` holds ``config.json``, ``metrics.jsonl`` (metrics.py), ``checkpoints/`` (checkpoint.py) and
``tensorboard/``. Whoever looks reads these files; a run that was stopped or killed goes on from them.
"""

import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import torch

from graft_core import settings
from graft_core.errors import TrainError
from graft_core.models.card import Card, save_card
from graft_core.models.device import hardware_name
from graft_core.models.graft import SatelliteTower
from graft_core.models.photo_tower import PhotoTower, photo_tower
from graft_core.models.preprocess import Normalize
from graft_core.train.checkpoint import RunState, load_best, load_newest, newest_step, save_best, save_checkpoint
from graft_core.train.config import TrainConfig
from graft_core.train.distributed import Ranks, joined, restarted
from graft_core.train.graft import GraftStep, graft_step, tokens_across
from graft_core.train.journal import Journal, open_run
from graft_core.train.journal import run_folder as run_folder
from graft_core.train.loop import Step, Window, make_optimizer, optimise
from graft_core.train.metrics import EventRow, StepRow, ValidationRow, read_metrics
from graft_core.train.prepare import Prepared, prepare
from graft_core.train.stop import StopRequest
from graft_core.train.validate import validate
from graft_core.types import EncoderSpec, Progress


def train(config: TrainConfig, *, device: str = "auto", resume: bool = False) -> Iterator[Progress]:
    """Train one encoder and put it into the registry; under torchrun, together with the other processes.

    Told to stop by SIGTERM, Ctrl-C or by closing the generator, it finishes its step and writes a checkpoint first.

    Args:
        config: what to train.
        device: ``auto``, ``cpu``, ``cuda`` or another of torch's.
        resume: go on from the newest checkpoint of the run, or begin where there is none.

    Yields:
        Progress in photos while they are embedded, in tiles while they are cut, then in steps.

    Raises:
        TrainError: the run exists and is not to be resumed, its data cannot be used, memory does not suffice, or the
            loss is no longer a finite number; the last good checkpoint stays.
        ModelError: the teacher is missing, or has no photo tower.
        SceneError: a scene of the pairs is gone or has changed.
        KeyboardInterrupt: it was told to stop.
    """
    with joined(device) as (ranks, where):
        resume = resume or restarted()
        teacher = photo_tower(config.teacher, device=str(where))
        if ranks.leads:
            open_run(config, resume=resume)
        data = yield from prepare(config, teacher.encoder, where, ranks)
        run = _Run(config, teacher, data, where, ranks)
        with StopRequest() as stop:
            yield from run.learn(stop)
        if ranks.leads:
            run.save_encoder()
        ranks.wait()


class _Run:
    """The parts of a run while it lasts."""

    def __init__(
        self, config: TrainConfig, teacher: PhotoTower, data: Prepared, device: torch.device, ranks: Ranks
    ) -> None:
        self.config, self.teacher, self.data, self.device, self.ranks = config, teacher, data, device, ranks
        self.checkpoints = run_folder(config.name) / "checkpoints"
        self.tower = SatelliteTower.from_photo_tower(teacher.visual, config.level).to(device)
        self.optimizer = make_optimizer([self.tower], config.optimizer)
        self.normalize = Normalize(teacher.encoder.spec.mean, teacher.encoder.spec.std).to(device)
        self.window = Window()
        found = load_newest(self.checkpoints, self.tower, self.optimizer, device)
        self.state = found or RunState(parts=config.optimizer.accumulate)
        self.journal = Journal(run_folder(config.name), self.state.step, writes=ranks.leads)

    def learn(self, stop: StopRequest) -> Iterator[Progress]:
        """Every step that is left."""
        config, first, started = self.config, self.state.step, time.monotonic()
        with (
            self.journal,
            graft_step(
                self.tower,
                self.data.pairs,
                self.normalize,
                config.optimizer,
                config.loss,
                config.level,
                ranks=self.ranks,
            ) as backward,
        ):
            backward.parts = max(self.state.parts, config.optimizer.accumulate)
            self.state = replace(self.state, parts=backward.parts)
            self._begin(backward)
            yield Progress(first, config.optimizer.steps, "steps", 0.0, resumed=first)
            for step in optimise(self.optimizer, backward, config.optimizer, first=first):
                self.window.add(step)
                told = self.ranks.any(stop.asked, self.device)
                enough = self._after(step, backward, told)
                try:
                    yield Progress(
                        step.number, config.optimizer.steps, "steps", time.monotonic() - started, resumed=first
                    )
                except GeneratorExit:
                    self._checkpoint(backward)
                    raise
                if told:
                    raise KeyboardInterrupt
                if enough:
                    return

    def _begin(self, backward: GraftStep) -> None:
        if self.state.step:
            self.journal.add(EventRow(self.state.step, f"Resumed at step {self.state.step:,}."))
            return
        for warning in self.data.warnings:
            self.journal.add(EventRow(0, warning))
        self._validate(backward)

    def _after(self, step: Step, backward: GraftStep, told: bool) -> bool:
        """What is due after a step, the last one where the run was told to stop; whether it is to end early."""
        config, number = self.config, step.number
        last = told or number == config.optimizer.steps
        checkpoint, check = number % config.run.checkpoint_every == 0, number % config.run.validate_every == 0
        self.state = replace(self.state, step=number)
        if backward.parts != self.state.parts:
            self.state = replace(self.state, parts=backward.parts)
            text = f"Memory ran out: each batch is now computed in {backward.parts} parts, with the same loss."
            self.journal.add(EventRow(number, text))
        if last or checkpoint or check or number % config.optimizer.log_every == 0:
            self._report()
        if check or (last and not told):
            self._validate(backward)
        enough = 0 < config.run.patience <= self.state.waited
        if enough:
            text = f"Stopped early: {self.state.waited} validations without gain since step {self.state.best_step:,}."
            self.journal.add(EventRow(number, text))
        if last or checkpoint or enough:
            self._checkpoint(backward)
        return enough

    def _report(self) -> None:
        if not len(self.window):
            return
        try:
            report = self.window.report()
        except TrainError as error:
            step = newest_step(self.checkpoints)
            kept = (
                "There is no checkpoint yet" if step is None else f"The last good checkpoint is that of step {step:,}"
            )
            raise TrainError(f"{error} {kept}; change the rate and resume the run.") from error
        steps = report.step - self.journal.reported
        self.state = replace(self.state, seconds=self.state.seconds + report.seconds)
        tiles = steps * min(self.config.optimizer.batch, len(self.data.pairs))
        rate = tiles / report.seconds if report.seconds else 0.0
        self.journal.add(StepRow(report.step, report.loss, report.learning_rate, rate, self.state.seconds))

    def _validate(self, backward: GraftStep) -> None:
        """Look at the validation tiles, all processes alike; the best weights so far are kept."""
        if self.data.validation is None:
            return
        across = tokens_across(self.tower, self.data.pairs.side)
        found = validate(backward.anchors, self.data.validation, self.normalize, across)
        loss = self.ranks.from_first(found.loss, self.device)
        self.journal.add(ValidationRow(self.state.step, loss, found.top1))
        if self.state.best_loss is not None and loss >= self.state.best_loss:
            self.state = replace(self.state, waited=self.state.waited + 1)
            return
        self.state = replace(self.state, best_step=self.state.step, best_loss=loss, waited=0)
        if self.ranks.leads:
            save_best(self.checkpoints, self.tower, self.state.step)

    def _checkpoint(self, backward: GraftStep) -> None:
        self._report()
        if self.ranks.leads:
            save_checkpoint(self.checkpoints, self.tower, self.optimizer, self.state, self.device)
        self.ranks.wait()

    def save_encoder(self) -> Card:
        """Write the best weights, or the last ones where nothing was validated, with their card."""
        best = load_best(self.checkpoints, self.tower)
        config, spec = self.config, self.teacher.encoder.spec
        card = Card(
            spec=EncoderSpec(
                name=config.name,
                level=config.level,
                sensor=self.data.sensor,
                gsd=self.data.gsd,
                tile_px=spec.tile_px,
                patch_px=spec.patch_px,
                dim=spec.dim,
                mean=spec.mean,
                std=spec.std,
                text_encoder=self.teacher.name,
                weights_sha256="",
            ),
            defaults=self.teacher.encoder.defaults,
            config=self.teacher.config,
            holds="satellite",
            what=f"Trained here on {self.data.facts['photos']:,} photos in {self.data.facts['tiles']:,} tiles, "
            f"{'pixel' if config.level == 'patch' else 'image'} level",
            licence=f"that of your photos and imagery; teacher: {self.teacher.licence}",
            provenance=self._provenance(self.state.step if best is None else best),
        )
        return save_card(settings.weights_dir() / config.name, self.tower.state_dict(), card)

    def _provenance(self, step: int) -> dict[str, Any]:
        validations = read_metrics(run_folder(self.config.name)).validations
        before, after = (next((v for v in validations if v.step == at), None) for at in (0, step))
        return {
            "data": self.data.facts,
            "config": asdict(self.config),
            "step": step,
            "before": None if before is None else {"loss": before.loss, "top1": before.top1},
            "validation": None if after is None else {"loss": after.loss, "top1": after.top1},
            "seconds": round(self.state.seconds),
            "processes": self.ranks.count,
            "hardware": hardware_name(self.device),
            "torch": torch.__version__,
        }
