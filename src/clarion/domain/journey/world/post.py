"""Messages of the virtual world: they wait for a slot, leave, and what becomes of them is told to who awaits it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from clarion.domain.journey.behaviour import News
from clarion.domain.journey.effects import Send
from clarion.domain.journey.events import MessageStatus
from clarion.domain.journey.world.actor import Actor, Mail
from clarion.domain.journey.world.sender import Queue, Sender
from clarion.domain.journey.world.watch import MessageLeft
from clarion.domain.message import NEVER_SENT

if TYPE_CHECKING:
    from clarion.domain.journey.world.loop import Loop

_NOTHING: set[str] = set()
_MEANS = {
    "accepted": {"accepted"},
    "sent": {"accepted"},
    "delivered": {"accepted", "delivered"},
    "read": {"accepted", "delivered", "read"},
    "failed": {"failed"},
    **{status.value: {"failed"} for status in NEVER_SENT},
}
"""What each status tells a node that awaits others: a message that was read was delivered."""


class Post:
    """Every sender's queue. Senders that are not given are made when first named, with the rate `rate`."""

    def __init__(self, loop: "Loop", senders: Iterable[Sender], rate: float) -> None:
        self._loop, self._rate = loop, rate
        self._queues = {sender.name: Queue(sender) for sender in senders}
        self._awaits = {node: loop.graph.awaits(node) for node in loop.graph.by_id}
        self.window = self._queue(loop.graph.sender).sender.window

    @property
    def shares(self) -> bool:
        """Whether people have to wait for each other."""
        return self._rate > 0 or any(queue.sender.rate for queue in self._queues.values())

    def waiting(self) -> Iterable[Actor]:
        """The people whose message has not left."""
        return (actor for queue in self._queues.values() for actor, _ in queue.left())

    def _queue(self, name: str) -> Queue:
        if name not in self._queues:
            self._queues[name] = Queue(Sender(name, rate=self._rate))
        return self._queues[name]

    def send(self, actor: Actor, effect: Send) -> None:
        """Let a message wait for its sender's next slot."""
        expires_at = self._loop.now + effect.expires_after if effect.expires_after else 0
        actor.mail = Mail(effect.visit, actor.position.node, effect.content, expires_at)
        queue = self._queue(effect.sender or self._loop.graph.sender)
        queue.add(actor, actor.mail, urgent=effect.urgent)
        self._book(queue)

    def _book(self, queue: Queue) -> None:
        if queue and not queue.booked:
            queue.booked = True
            self._loop.push(queue.free_at, None, queue)

    def slot(self, queue: Queue) -> None:
        """A slot has come: the next message that may still be sent leaves."""
        while queue:
            actor, mail = queue.take()
            if actor.person.opted_out:
                self._lose(actor, mail, News("suppressed"))
            elif mail.expires_at and mail.expires_at <= self._loop.now:
                self._lose(actor, mail, News("expired"))
            else:
                queue.use(self._loop.now)
                self._leave(actor, mail, queue.sender)
                break
        queue.booked = False
        self._book(queue)

    def _lose(self, actor: Actor, mail: Mail, news: News) -> None:
        mail.news, mail.waits = ((self._loop.now, news),), False
        if mail is actor.mail:
            self.tell(actor, news)

    def _leave(self, actor: Actor, mail: Mail, sender: Sender) -> None:
        mail.waits = False
        drawn = self._loop.behaviour.delivery(actor.person.key, mail.node, mail.visit)
        mail.news = (*mail.news, *((self._loop.now + delay, news) for delay, news in drawn))
        in_window = sender.window > 0 and actor.window_until > self._loop.now
        self._loop.tally.sent(sender, mail.content, actor.person.address, in_window=in_window)
        if self._loop.watch:
            self._loop.watch(MessageLeft(self._loop.now, actor.person, mail.node, mail.content))
        if mail is actor.mail:
            self.expect(actor, self._loop.now)

    def expect(self, actor: Actor, since: int) -> None:
        """Come back at the first news of the newest message, from `since` on, that the person's node awaits."""
        mail, awaits = actor.mail, self._awaits[actor.position.node]
        if mail is None or not awaits:
            return
        for at, news in mail.news:
            if at >= since and _MEANS.get(news.status, _NOTHING) & awaits:
                if mail.told_at != at:
                    mail.told_at = at
                    self._loop.push(at, actor, mail)
                return

    def news(self, actor: Actor, mail: Mail) -> None:
        """The instant has come that `expect` waited for."""
        if mail is not actor.mail or mail.told_at != self._loop.now or actor.position.outcome:
            return
        mail.told_at, visit = -1, actor.position.visit
        news = mail.known(self._loop.now)
        if news:
            self.tell(actor, news)
        if actor.position.visit == visit and not actor.position.outcome:
            self.expect(actor, self._loop.now + 1)

    def tell(self, actor: Actor, news: News) -> None:
        """Let the person's node hear of the newest message, if it wants to."""
        if actor.mail and _MEANS.get(news.status, _NOTHING) & self._awaits[actor.position.node]:
            self._loop.step(actor, MessageStatus(actor.mail.visit, news.status, news.code, news.reason))

    def heard(self, actor: Actor, event: MessageStatus) -> None:
        """News from outside about the newest message; about earlier ones nobody wants to hear."""
        if actor.mail and actor.mail.visit == event.visit:
            news = News(event.status, event.code, event.reason)
            actor.mail.news = (*actor.mail.news, (self._loop.now, news))
            actor.mail.waits = False
            self.tell(actor, news)
