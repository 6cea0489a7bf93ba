-- Bodies that go on at the same moment go on by one call: each of its statements is of all of them.

-- What a record is made of, in canonical JSON: all of it in one place.
CREATE FUNCTION moyai.record_content(
  p_chain text, p_seq bigint, p_previous text, p_moment timestamptz, p_actor text, p_action text,
  p_operation text, p_plan_sha256 text, p_step text, p_attempt integer, p_result text, p_details jsonb)
RETURNS text
LANGUAGE sql STABLE
RETURN concat(
  '{"action":', to_json(p_action), ',"actor":', to_json(p_actor),
  ',"at":"', to_char(p_moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
  '","attempt":', coalesce(p_attempt::text, 'null'), ',"chain":"', p_chain,
  '","code":', CASE p_chain WHEN 'federation' THEN 'null' ELSE to_json(substr(p_chain, 6))::text END,
  ',"details":', CASE WHEN p_details = '{}' THEN '{}' ELSE moyai.canonical(p_details) END,
  ',"operation":', coalesce(to_json(p_operation)::text, 'null'),
  ',"plan_sha256":', coalesce(to_json(p_plan_sha256)::text, 'null'),
  ',"previous_sha256":"', p_previous, '","result":', to_json(p_result),
  ',"schema":"moyai.audit/1","seq":', p_seq,
  ',"step":', coalesce(to_json(p_step)::text, 'null'), '}');

-- Lengths by themselves: {1,254} in a pattern takes longer than all else here.
CREATE FUNCTION moyai.is_record(
  p_chain text, p_actor text, p_action text, p_result text, p_details jsonb)
RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN ((p_chain = 'federation' OR length(p_chain) = 11 AND p_chain ~ '^body:[0-9]+$')
  AND (p_actor = 'moyai' OR length(p_actor) <= 263
    AND p_actor ~ '^(operator|approver|worker):[!-~]+$')
  AND length(p_action) <= 100 AND p_action ~ '^[!-~]+$'
  AND length(p_result) <= 100 AND p_result ~ '^[!-~]+$'
  AND jsonb_typeof(p_details) = 'object') IS TRUE;

-- As before.
CREATE OR REPLACE FUNCTION moyai.put_record(
  p_chain text, p_actor text, p_action text, p_operation text, p_plan_sha256 text,
  p_step text, p_attempt integer, p_result text, p_details jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  head moyai.audit_head;
  moment timestamptz;
  content text;
  hash text;
BEGIN
  IF NOT moyai.is_record(p_chain, p_actor, p_action, p_result, p_details) THEN
    PERFORM moyai.refuse('no record of ' || p_chain, 'MY004');
  END IF;
  SELECT * INTO head FROM moyai.audit_head WHERE chain = p_chain FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO moyai.audit_head VALUES (p_chain, 0, encode(sha256(convert_to(
      '{"chain":"' || p_chain || '","schema":"moyai.audit/1","seq":0}', 'UTF8')), 'hex'))
      ON CONFLICT DO NOTHING;
    SELECT * INTO STRICT head FROM moyai.audit_head WHERE chain = p_chain FOR UPDATE;
  END IF;
  moment := clock_timestamp();
  content := moyai.record_content(p_chain, head.seq + 1, head.sha256, moment, p_actor, p_action,
    p_operation, p_plan_sha256, p_step, p_attempt, p_result, p_details);
  IF position('PRIVATE KEY-----' IN content) > 0 THEN
    PERFORM moyai.refuse('a private key is kept nowhere', 'MY004');
  END IF;
  hash := encode(sha256(convert_to(content, 'UTF8')), 'hex');
  INSERT INTO moyai.audit VALUES (p_chain, head.seq + 1, moment, content, hash);
  UPDATE moyai.audit_head SET seq = head.seq + 1, sha256 = hash WHERE chain = p_chain;
END $$;

-- As `moyai.go_on`, of several bodies: of each a step ended well (p_ended; NULL at the beginning), and the
-- next one begins. What is wanted of each one's operation. Refuses all where one of them is anything else, or was
-- asked before: then nothing was done, and each is to be asked by itself.
CREATE FUNCTION moyai.go_on_together(
  p_operations text[], p_codes text[], p_claims bigint[], p_ended text[], p_looked boolean[],
  p_results jsonb[], p_next text[], p_ordinals integer[], p_keys text[])
RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
-- Rows by their keys, however large the tables were when this was planned; and planned once.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  attempts integer[] := '{}';
  workers text[] := '{}';
  one record;
  kinds text[];
  plans text[];
  wishes text[];
  seqs bigint[];
  heads text[];
  ends integer := cardinality(array_remove(p_ended, NULL));
  written integer;
BEGIN
  -- The fence, one by one: as a join they would be found among all bodies of an operation.
  FOR place IN 1 .. cardinality(p_codes) LOOP
    UPDATE moyai.body b SET step = p_next[place]
      WHERE b.operation_id = p_operations[place] AND b.code = p_codes[place] AND b.claim = p_claims[place]
        AND b.status = 'running' AND b.error IS NULL
      RETURNING b.attempts, b.worker INTO one;
    IF NOT FOUND THEN
      PERFORM moyai.refuse('not each of them goes on', 'MY003');
    END IF;
    attempts := attempts || one.attempts;
    workers := workers || one.worker;
  END LOOP;
  SELECT array_agg(o.kind ORDER BY place), array_agg(o.plan_sha256 ORDER BY place),
      array_agg(o.wanted ORDER BY place) INTO kinds, plans, wishes
    FROM unnest(p_operations) WITH ORDINALITY AS given (operation, place)
      JOIN moyai.operation o ON o.id = given.operation;
  UPDATE moyai.step s SET done_at = clock_timestamp(), looked = given.looked, claim = given.claim,
      status = 'done', result = given.result
    FROM unnest(p_operations, p_codes, attempts, p_ended, p_claims, p_looked, p_results)
      AS given (operation, code, attempt, ended, claim, looked, result)
    WHERE s.operation_id = given.operation AND s.code = given.code AND s.attempt = given.attempt
      AND s.step = given.ended AND s.status = 'intended';
  GET DIAGNOSTICS written = ROW_COUNT;
  IF written <> ends THEN
    PERFORM moyai.refuse('not each of their steps was intended', 'MY003');
  END IF;
  INSERT INTO moyai.step (operation_id, code, attempt, step, ordinal, status, key, claim, intended_at)
    SELECT operation, code, attempt, next, ordinal, 'intended', key, claim, clock_timestamp()
    FROM unnest(p_operations, p_codes, attempts, p_next, p_ordinals, p_keys, p_claims)
      AS given (operation, code, attempt, next, ordinal, key, claim);
  IF ends = 0 THEN
    RETURN wishes;
  END IF;
  -- By code, as all who lock several chains.
  SELECT array_agg(locked.seq ORDER BY place), array_agg(locked.sha256 ORDER BY place)
    INTO seqs, heads FROM (
      SELECT given.place, h.seq, h.sha256 FROM unnest(p_codes) WITH ORDINALITY AS given (code, place)
        JOIN moyai.audit_head h ON h.chain = 'body:' || given.code
      ORDER BY given.code FOR UPDATE OF h) locked;
  IF cardinality(seqs) IS DISTINCT FROM cardinality(p_codes) THEN
    PERFORM moyai.refuse('not each of them has a chain', 'MY003');
  END IF;
  WITH given AS MATERIALIZED (
    SELECT 'body:' || code AS chain, seq + 1 AS seq, head, clock_timestamp() AS moment,
        'worker:' || worker AS actor, kind || '.step' AS action, operation, plan, ended, attempt, result
      FROM unnest(p_codes, seqs, heads, workers, kinds, p_operations, plans, p_ended, attempts, p_results)
        AS listed (code, seq, head, worker, kind, operation, plan, ended, attempt, result)
      WHERE ended IS NOT NULL),
  made AS MATERIALIZED (
    SELECT *, moyai.record_content(chain, seq, head, moment, actor, action, operation, plan, ended,
      attempt, 'done', result) AS content FROM given),
  -- What is no record, or has a private key, has no content, which the table refuses: with it all.
  kept AS (
    INSERT INTO moyai.audit (chain, seq, at, content, sha256)
      SELECT chain, seq, moment, CASE WHEN moyai.is_record(chain, actor, action, 'done', result)
          AND position('PRIVATE KEY-----' IN content) = 0 THEN content END,
        encode(sha256(convert_to(content, 'UTF8')), 'hex') FROM made
      RETURNING chain, seq, sha256)
  UPDATE moyai.audit_head h SET seq = kept.seq, sha256 = kept.sha256
    FROM kept WHERE h.chain = kept.chain;
  RETURN wishes;
END $$;

REVOKE ALL ON FUNCTION moyai.record_content(text, bigint, text, timestamptz, text, text, text, text, text,
    integer, text, jsonb),
  moyai.is_record(text, text, text, text, jsonb),
  moyai.go_on_together(text[], text[], bigint[], text[], boolean[], jsonb[], text[], integer[], text[])
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  moyai.go_on_together(text[], text[], bigint[], text[], boolean[], jsonb[], text[], integer[], text[])
  TO moyai_worker;
