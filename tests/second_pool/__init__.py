"""A second pool for a test: workers that run ordinary Celery tasks."""

from edunn_serving.keys import ROOT
from edunn_serving.pools import Pool

SECOND = Pool("second", application="tests.second_pool.application", process="second", workers=1)
# The list into which its task puts what it computes.
DOUBLED = f"{ROOT}:doubled"
