-- One rate of AWS calls for all workers; heads of chains that were anchored; what bodies take of memory.

CREATE TABLE moyai.allowance (
  name text PRIMARY KEY,
  left_over double precision NOT NULL,
  at timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE moyai.allowance IS 'a token bucket: calls that may be made at once, at a moment';
INSERT INTO moyai.allowance VALUES ('aws', 0, clock_timestamp());

-- Of so many calls wanted, how many may be made now, and in how many seconds to ask for more. What was
-- not asked for adds up to a fifth of a second's calls, and one at least: a new start floods nobody.
CREATE FUNCTION moyai.allow(p_wanted integer, p_per_second double precision,
  OUT granted integer, OUT again_seconds double precision)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, moyai AS $$
DECLARE
  bucket moyai.allowance;
  moment timestamptz;
BEGIN
  IF p_wanted < 1 OR NOT (p_per_second > 0 AND p_per_second < 'infinity') THEN
    RAISE EXCEPTION 'no such allowance: % at %', p_wanted, p_per_second
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  -- What is lost of it with a crash does not matter, and waiting for the disk would.
  PERFORM set_config('synchronous_commit', 'off', true);
  SELECT * INTO bucket FROM moyai.allowance WHERE name = 'aws' FOR UPDATE;
  moment := clock_timestamp();  -- after the wait for the row
  -- A clock that was set back brings nothing, and holds nobody up.
  bucket.left_over := least(greatest(1, p_per_second / 5), bucket.left_over
    + p_per_second * greatest(0, extract(epoch FROM moment - bucket.at)));
  granted := least(p_wanted, floor(bucket.left_over)::integer);
  UPDATE moyai.allowance SET left_over = bucket.left_over - granted, at = moment WHERE name = 'aws';
  again_seconds := greatest(0, 1 - (bucket.left_over - granted)) / p_per_second;
END $$;

CREATE TABLE moyai.anchor (
  chain text NOT NULL,
  seq bigint NOT NULL,
  sha256 text NOT NULL,
  at timestamptz NOT NULL,
  bucket text NOT NULL,
  key text NOT NULL,
  version text NOT NULL,
  PRIMARY KEY (chain, seq, sha256, version)
);
COMMENT ON TABLE moyai.anchor IS
  'which heads were put into the locked bucket; what proves anything is there, not here';
CREATE TRIGGER anchor_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON moyai.anchor
  FOR EACH STATEMENT EXECUTE FUNCTION moyai.refuse_change();

CREATE TABLE moyai.turn (
  name text PRIMARY KEY,
  next_at timestamptz NOT NULL
);
COMMENT ON TABLE moyai.turn IS 'what one of the workers does from time to time, and when next';
INSERT INTO moyai.turn VALUES ('anchors', clock_timestamp());

CREATE TABLE moyai.measure (
  kind text NOT NULL,
  code text NOT NULL,
  bytes bigint NOT NULL CHECK (bytes >= 0),
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (kind, code)
);
COMMENT ON TABLE moyai.measure IS
  'the most memory that a body took of late, with its part of what bodies share';

GRANT SELECT ON moyai.anchor TO moyai_worker, moyai_operator, moyai_auditor;
GRANT INSERT ON moyai.anchor TO moyai_worker, moyai_operator;
GRANT SELECT ON moyai.allowance, moyai.turn, moyai.measure TO moyai_worker, moyai_operator;
GRANT UPDATE (next_at) ON moyai.turn TO moyai_worker;
GRANT INSERT, UPDATE ON moyai.measure TO moyai_worker;
REVOKE ALL ON FUNCTION moyai.allow(integer, double precision) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION moyai.allow(integer, double precision) TO moyai_worker;
