"""The Celery application of the second pool. Only its workers import it."""

from __future__ import annotations

from edunn_serving.redis_connections import connect
from edunn_serving.settings import read_settings
from tests.second_pool import DOUBLED, SECOND
from worker.application import make_application
from worker.membership import Membership

settings = read_settings()
app = make_application("second", SECOND, settings)
member = Membership(SECOND, settings)


@app.task(name="second.double")  # type: ignore[untyped-decorator]
def double(number: int) -> None:
    """Put twice the number into a list."""
    with connect(settings.redis_url) as client:
        client.rpush(DOUBLED, 2 * number)
