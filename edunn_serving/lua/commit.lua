-- Answer a batch: apply its changes and hand over its reply, all or nothing, once.
--
-- The batch's own key is the token. The run that removes it answers the batch. A second run of the
-- same batch finds it gone and changes nothing.
--
-- KEYS[1]  the batch
-- KEYS[2]  its holder
-- KEYS[3]  the reply stream of the server that sent it
-- KEYS[4]  what precedes the numbers of its requests that are not in its message
-- then     for each large result its key
-- then     for each session: its hash, its context order, its evicted contexts, its large slots
-- ARGV[1]  JSON: `insists`, whether this batch takes a turn after many conflicts; `large`, the
--          number of large results; `published`, whether the reply is published with its data; and
--          in `sessions` for each session: `revision`, its revision when it was loaded ('' if it
--          did not exist, nil if nothing but its expiry changes); `ttl_ms`, its time to live;
--          `deleted`, whether its old values are deleted first; `has_contexts`, whether it may have
--          contexts; `context_bytes`, the bytes of the budget that the new contexts take;
--          `contexts`, their number; `layers`, the layers that must be as they were, each with its
--          name and the last batch that had changed it when it was loaded; `lengths`, the contexts
--          that must be as they were, each with its field and its length, 0 if there was none;
--          `journal`, what must be stored under this name; `next_journal`, what is stored from now
--          on ('' for none, nil for no change); `steps`, what precedes a batch's id in the key of
--          its journaled steps, if there is a journal; `steps_bytes`, what this batch's steps take,
--          and `steps_apart`, the numbers of their requests, if these are not in the message;
--          `has_large_slots`, whether it may have large slots; `slots`, if it may, the slots that
--          change, each with its field and, if it is large, its name among the large slots, which
--          must exist; `values`, the number of fields to set; `counted`, whether slots or records
--          are among them. False, 0 and empty lists may be left out.
-- ARGV[2]  the batch's id
-- ARGV[3]  the replies
-- then     the large results
-- then     for each session: its JournaledSteps, if it has a `next_journal` that is not empty; the
--          fields of its new contexts; the fields to set and their values
-- CONSTANTS has the `limits` of eviction.lua, the `accounts` of accounts.lua, and `reply_ms`, the
--          reply stream's time to live.
-- Returns 'done'; 'more' if it is done and contexts are left to evict; 'answered' if another run
--          was first; 'conflict' if a session has changed since it was loaded; or 'wait' if it is
--          another batch's turn to change a session.
redis.replicate_commands()
local header = cjson.decode(ARGV[1])
-- The most arguments of one call. Lua's stack is limited.
local CHUNK = 1000
local NONE = {}

local first_session_key = 5 + header.large
local function keys_of(number)
  local at = first_session_key + 4 * (number - 1)
  return KEYS[at], KEYS[at + 1], KEYS[at + 2], KEYS[at + 3]
end

-- Large slots do not pass through this script, which would copy them several times. They are stored
-- before it, each under a name of this commit.
local function remove_staged()
  for number, session in ipairs(header.sessions) do
    local _, _, _, large = keys_of(number)
    for _, slot in ipairs(session.slots or {}) do
      if slot[2] ~= '' then
        redis.call('HDEL', large, slot[2])
      end
    end
  end
end

-- Returns by how many bytes the large slots grow.
local function remove_replaced(large, session)
  local kept, grown = {}, 0
  for _, slot in ipairs(session.slots or {}) do
    kept[slot[2]] = true
    if slot[2] ~= '' then
      grown = grown + redis.call('HSTRLEN', large, slot[2])
    end
  end
  for _, name in ipairs(redis.call('HKEYS', large)) do
    local is_replaced = session.deleted
    for _, slot in ipairs(session.slots or {}) do
      is_replaced = is_replaced or string.sub(name, 1, #slot[1] + 1) == slot[1] .. '/'
    end
    if is_replaced and not kept[name] then
      -- A deleted session counts nothing any more.
      grown = grown - (session.deleted and 0 or redis.call('HSTRLEN', large, name))
      redis.call('HDEL', large, name)
    end
  end
  return grown
end

if redis.call('EXISTS', KEYS[1]) == 0 then
  remove_staged()
  return 'answered'
end

-- A long batch would never commit beside quick ones that change the same session. The quick ones
-- therefore wait until the long one is answered or lost. A batch that insists never waits, so two
-- batches never wait for each other.
local function conflict(key, exists)
  remove_staged()
  if header.insists and exists then
    -- A full Redis refuses it. The batch then has no turn and may meet more conflicts.
    redis.pcall('HSET', key, FIELDS.turn, KEYS[1])
  end
  return 'conflict'
end

-- The keys of the steps that a journal names, behind a layer and a loss, and of their requests.
local function keys_of_steps(journal, steps)
  local found, parts = {}, 0
  for part in string.gmatch(journal or '', '[^/]+') do
    parts = parts + 1
    if parts > 2 then
      local batch, apart = string.match(part, '(.*):(.*)')
      found[#found + 1] = steps .. batch
      for place = 0, apart - 1 do
        found[#found + 1] = steps .. batch .. ':' .. place
      end
    end
  end
  return found
end

-- Returns by how many bytes the journaled steps grow.
local function change_journal(key, session, message)
  if session.next_journal ~= '' then
    local place = session.steps .. ARGV[2]
    redis.call('SET', place, message)
    for at, number in ipairs(session.steps_apart) do
      redis.call('RENAME', KEYS[4] .. number, place .. ':' .. at - 1)
    end
    redis.call('HINCRBY', key, FIELDS.journal_bytes, session.steps_bytes)
    redis.call('HSET', key, FIELDS.journal, session.next_journal)
    return session.steps_bytes
  end
  for _, each in ipairs(keys_of_steps(session.journal, session.steps)) do
    redis.call('UNLINK', each)
  end
  local bytes = session.deleted and 0 or tonumber(redis.call('HGET', key, FIELDS.journal_bytes) or 0)
  redis.call('HDEL', key, FIELDS.journal, FIELDS.journal_bytes)
  return -bytes
end

-- This part only reads, because a conflict must leave everything as it was.
local values_set, renames = 0, false
for number, session in ipairs(header.sessions) do
  local key, _, _, large = keys_of(number)
  values_set = values_set + session.values
  for _, slot in ipairs(session.slots or {}) do
    if slot[2] ~= '' and redis.call('HEXISTS', large, slot[2]) == 0 then
      return redis.error_reply('OOM a large slot could not be stored')
    end
  end
  local exists = false
  if session.revision then
    local found = redis.call('HMGET', key, FIELDS.revision, FIELDS.turn, FIELDS.journal)
    exists = found[1]
    local waits = found[2] and not header.insists and not session.deleted
    if waits and redis.call('EXISTS', found[2]) == 1 then
      remove_staged()
      return 'wait'
    end
    if (exists or '') ~= session.revision or (found[3] or '') ~= (session.journal or '') then
      return conflict(key, exists)
    end
    for _, number in ipairs(session.steps_apart or NONE) do
      if redis.call('EXISTS', KEYS[4] .. number) == 0 then
        return conflict(key, exists)
      end
      renames = true
    end
  end
  for _, layer in ipairs(session.layers or NONE) do
    if (redis.call('HGET', key, FIELDS.last_batch .. layer[1]) or '') ~= layer[2] then
      return conflict(key, exists)
    end
  end
  for _, context in ipairs(session.lengths or NONE) do
    if redis.call('HSTRLEN', key, context[1]) ~= context[2] then
      return conflict(key, exists)
    end
  end
end

-- Redis undoes nothing of a script that it stops half-way. So this user's permissions are tried
-- first, by commands that always fail, because the batch is a list.
local function forbids(command, ...)
  local answer = redis.pcall(command, KEYS[1], ...)
  return string.find(answer.err, 'The user executing the script', 1, true) and answer
end
local forbidden = values_set > 0 and forbids('HSET', '', '') or forbids('XADD', '*', '', '')
  or renames and forbids('RENAME')
if forbidden then
  return forbidden
end

local function with_each(command, key, first, count)
  for from = first, first + count - 1, CHUNK do
    redis.call(command, key, unpack(ARGV, from, math.min(from + CHUNK, first + count) - 1))
  end
end

local apart = tonumber(redis.call('LINDEX', KEYS[1], 0)) or 0
redis.call('UNLINK', KEYS[1], KEYS[2])
local more = false
local first_result = 4
local at = first_result + header.large
for number, session in ipairs(header.sessions) do
  local key, order, evicted, large = keys_of(number)
  local message
  if (session.next_journal or '') ~= '' then
    message, at = ARGV[at], at + 1
  end
  local first_context = at
  local contexts = session.contexts or 0
  local first_value = first_context + contexts
  if session.deleted then
    redis.call('UNLINK', key, order, evicted)
    note_deleted(key)
  end
  local large_grown = 0
  if session.deleted or session.slots then
    large_grown = remove_replaced(large, session)
  end
  if header.insists then
    redis.call('HDEL', key, FIELDS.turn)
  end
  local grown = session.counted and growth(key, first_value, session.values) + large_grown
  if session.next_journal then
    grown = (grown or 0) + change_journal(key, session, message)
  end
  local crosses_step = false
  with_each('HSET', key, first_value, 2 * session.values)
  if contexts > 0 then
    with_each('RPUSH', order, first_context, contexts)
    local bytes = redis.call('HINCRBY', key, FIELDS.context_bytes, session.context_bytes)
    crosses_step = bytes % ACCOUNTS.step < session.context_bytes
    -- The bytes bound the number of contexts, because each has its overhead. `evict` is called only
    -- if a limit may be exceeded.
    if bytes > math.min(LIMITS.bytes, LIMITS.number * LIMITS.overhead) then
      more = evict(key, order, evicted) or more
    end
  end
  if grown or crosses_step then
    note_session(key, grown or 0)
  end
  if session.values > 0 and (session.revision == '' or session.deleted) then
    note_created(key, session.ttl_ms)
  end
  redis.call('PEXPIRE', key, session.ttl_ms)
  if session.has_large_slots then
    redis.call('PEXPIRE', large, session.ttl_ms)
  end
  for _, each in ipairs(keys_of_steps(session.next_journal or session.journal, session.steps)) do
    redis.call('PEXPIRE', each, session.ttl_ms)
  end
  if session.has_contexts then
    redis.call('PEXPIRE', order, session.ttl_ms)
    redis.call('PEXPIRE', evicted, session.ttl_ms)
  end
  at = first_value + 2 * session.values
end

for number = 0, apart - 1 do
  redis.call('UNLINK', KEYS[4] .. number)
end

-- Large results are not written to the append-only file, which would take longer than all the rest.
-- If Redis restarts before the server has read them, their callers get an error.
redis.set_repl(redis.REPL_NONE)
for number = 1, header.large do
  redis.call('SET', KEYS[4 + number], ARGV[first_result + number - 1], 'PX', CONSTANTS.reply_ms)
end
redis.set_repl(redis.REPL_ALL)
local id = redis.call('XADD', KEYS[3], '*', ARGV[2], ARGV[3])
redis.call('PEXPIRE', KEYS[3], CONSTANTS.reply_ms)
-- A server that does not hear of its reply looks for it in the stream.
redis.pcall('PUBLISH', KEYS[3], header.published and id .. ' ' .. ARGV[3] or id)
return more and 'more' or 'done'
