"""Generated from proto/ by `make proto`. Do not edit."""

from edunn_client._messages import define

define(globals(), "edunn_serving/v1/limits.proto")
