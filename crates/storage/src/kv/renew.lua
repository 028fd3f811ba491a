-- Holds slots for longer. A slot that was lost with the server's memory is taken again: its holder is
-- still running.
--
-- KEYS: one for each slot. ARGV[1]: the lease, in microseconds. Then for each slot: who holds it.

local time = redis.call('TIME')
local stop = tonumber(time[1]) * 1000000 + tonumber(time[2]) + tonumber(ARGV[1])
local ttl = string.format('%.0f', math.ceil(tonumber(ARGV[1]) / 1000) + 1000)
for i, key in ipairs(KEYS) do
    redis.call('ZADD', key, string.format('%.0f', stop), ARGV[i + 1])
    redis.call('PEXPIRE', key, ttl)
end
return #KEYS
