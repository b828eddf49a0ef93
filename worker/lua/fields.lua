-- The fields of a session's hash. This text stands before each script that needs them.
-- Layer names have no slash, so no two fields collide.
local RECORD = 'record'              -- a SessionRecord
local REVISION = 'revision'          -- changes whenever the record does
local COMMITS = 'commits'            -- how many batches have changed the session
local CONTEXT_BYTES = 'context-bytes'

local function parameters(layer) return 'parameters/' .. layer end
local function parameters_version(layer) return 'parameters-version/' .. layer end
local function buffers(layer) return 'buffers/' .. layer end
local function buffers_version(layer) return 'buffers-version/' .. layer end
local function count(layer) return 'count/' .. layer end       -- forwards numbered so far
local function latest(layer) return 'latest/' .. layer end     -- id of the latest tracked forward
local function context(layer, forward_id) return 'context/' .. layer .. '/' .. forward_id end
