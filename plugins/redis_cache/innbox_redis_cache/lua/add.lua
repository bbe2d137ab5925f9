-- Adds to a counter, which ends a while after its first addition.
-- KEYS: the counter. ARGV: the amount, the life in milliseconds. Returns the counter's new value.
local total = redis.call('INCRBY', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return total
