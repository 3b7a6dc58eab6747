-- 点单: bodies of real lengths and places, by several residents, each with a key of its own.
-- Arguments: a file of bodies, a word of this run, tokens.
local count, threads = 0, 0

function setup(t)
  t:set("id", threads)
  threads = threads + 1
end

function init(args)
  local run = args[2] .. "-" .. id .. "-"
  heads, bodies = {}, {}
  for line in io.lines(args[1]) do
    bodies[#bodies + 1] = "\r\nContent-Length: " .. #line .. "\r\n\r\n" .. line
  end
  for i = 3, #args do
    heads[#heads + 1] = "POST /api/v1/tickets HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      .. "Authorization: Bearer " .. args[i] .. "\r\nIdempotency-Key: " .. run
  end
  count = id * 1000003 % #bodies
end

-- What makes requests takes from the same cores, so it only joins what is ready.
function request()
  count = count + 1
  return heads[count % #heads + 1] .. count .. bodies[count % #bodies + 1]
end
