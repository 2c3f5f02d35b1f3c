"""Plays the calls, several at a time."""
import asyncio
import time

from .gateway import caller_port, phone_name, phone_port
from .phones import Phone, RefusedCaller
from .plays import Scenario, User
from .report import Result
from .users import StandIn

PATIENCE = 90


class Stage:
    """A gateway, and this machine's phones and browsers."""

    def __init__(self, gateway, address, first_port, folder, scenarios):
        self.gateway, self.address, self.first_port, self.folder, self.scenarios = gateway, address, first_port, folder, scenarios
        self.users = asyncio.Queue()
        for user in gateway.users:
            self.users.put_nowait(user)

    async def play(self, plays, skipped, jobs):
        """The results, in the order of the plays."""
        room = asyncio.Semaphore(jobs)

        async def one(play):
            if play in skipped:
                return Result(play.name, 0, skipped=skipped[play])
            # A user first, then room: who waits for a user takes no room from others.
            user = await self.users.get() if play.user else None
            try:
                async with room:
                    return await self.one(play, user)
            finally:
                if user:
                    self.users.put_nowait(user)

        # The longest first.
        tasks = {play: asyncio.ensure_future(one(play)) for play in sorted(plays, key=lambda play: -play.seconds)}
        try:
            await asyncio.gather(*tasks.values())
        finally:
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)
        return [tasks[play].result() for play in plays]

    async def one(self, play, user):
        began, parties, reason = time.monotonic(), [], ""
        try:
            reason = await asyncio.wait_for(self.call(play, user, parties), play.seconds + PATIENCE)
        except asyncio.TimeoutError:
            reason = f"it was not over within {play.seconds + PATIENCE} s"
        except OSError as error:
            reason = str(error)
        except Exception as error:
            # Whatever it is, it is this call's: the others go on.
            reason = f"{type(error).__name__}: {error}"
        finally:
            # All of them before any is waited for.
            for party in parties:
                party.kill()
            for party in parties:
                await party.stop()
        try:
            details = "\n".join(party.details() for party in parties) if reason else ""
        except OSError as error:
            details = str(error)
        return Result(play.name, time.monotonic() - began, reason, details)

    async def call(self, play, user, parties):
        """Has the called one ready, then the caller call. The reasons of those that failed, the caller's first."""
        if play.phone:
            phone = await Phone.start(play.phone, self.address, phone_port(play, self.first_port), self.folder, [], play.rtp)
            parties.append(phone)
            await phone.listens()
        if isinstance(play.callee, User):
            browser = await StandIn.start(user, self.gateway.api, play, "-", self.folder)
            parties.append(browser)
            if not await browser.logs_in():
                return await browser.reason()
        parties.insert(0, await self.caller(play, user))
        waiting = [asyncio.ensure_future(party.reason()) for party in parties]
        try:
            return await self.reasons(play, waiting)
        finally:
            for one in waiting:
                one.cancel()

    async def reasons(self, play, waiting):
        """Once one has failed, the others have a few seconds to say why."""
        done, pending = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        while pending and not any(one.result() for one in done):
            more, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            done |= more
        if pending:
            await asyncio.wait(pending, timeout=3)
        reason = "; ".join(one.result() for one in waiting if one.done() and one.result())
        if not self.gateway.is_own and play.phone and " 404 " in reason:
            reason += " (does the gateway have the routes that --config prints?)"
        return reason

    async def caller(self, play, user):
        dialled = phone_name(play) if play.phone else play.callee
        port, target = caller_port(play, self.first_port), (self.gateway.host, self.gateway.port)
        if isinstance(play.caller, User):
            return await StandIn.start(user, self.gateway.api, play, dialled, self.folder)
        if not isinstance(play.caller, Scenario):
            return RefusedCaller(self.address, port, target, dialled, play.status)
        if isinstance(play.callee, User):
            dialled = user[0]
        return await Phone.start(
            play.caller, self.address, port, self.folder, ["-s", dialled, f"{target[0]}:{target[1]}"], play.rtp)
