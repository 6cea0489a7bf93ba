-- Records of the audit are made here and nowhere else: canonical JSON (moyai.canonical_json says the same)
-- of what the function that does a thing says of it. Callers give no record, and none of its bytes.

-- The owner of the tables reads the chains too, for its functions alone: nobody can log in as it.
CREATE POLICY audit_check ON moyai.audit FOR SELECT TO moyai_owner USING (true);

CREATE FUNCTION moyai.refuse(p_what text, p_state text DEFAULT 'MY005', p_detail text DEFAULT '')
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%', p_what USING ERRCODE = p_state, DETAIL = p_detail;
END $$;
COMMENT ON FUNCTION moyai.refuse IS
  'MY003: another step; MY004: no such record; MY005: not in this status; MY006: no such operation';

CREATE FUNCTION moyai.canonical(p_value jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
  one record;
  found text := '';
BEGIN
  CASE jsonb_typeof(p_value)
  WHEN 'object' THEN
    FOR one IN SELECT key, value FROM jsonb_each(p_value) ORDER BY key COLLATE "C" LOOP
      IF one.key ~ '[^\x01-\x7f]' THEN
        PERFORM moyai.refuse('a key that is not in ASCII', 'MY004');
      END IF;
      found := concat(found, ',', to_json(one.key), ':',
        CASE jsonb_typeof(one.value) WHEN 'string' THEN one.value::text
          ELSE moyai.canonical(one.value) END);
    END LOOP;
    RETURN '{' || substr(found, 2) || '}';
  WHEN 'array' THEN
    FOR one IN SELECT value FROM jsonb_array_elements(p_value) WITH ORDINALITY
        ORDER BY ordinality LOOP
      found := concat(found, ',', moyai.canonical(one.value));
    END LOOP;
    RETURN '[' || substr(found, 2) || ']';
  WHEN 'number' THEN
    -- Beyond 2^53 they are not the same in every reader of JSON; there are no fractions.
    IF p_value::text !~ '^-?[0-9]+$' OR abs(p_value::numeric) >= 9007199254740992 THEN
      PERFORM moyai.refuse('a number that is not kept', 'MY004');
    END IF;
    RETURN p_value::text;
  ELSE
    RETURN p_value::text;
  END CASE;
END $$;

-- One record behind a chain's head. Code and chain are one: a body's chain has its code, the federation's none.
CREATE FUNCTION moyai.put_record(
  p_chain text, p_actor text, p_action text, p_operation text, p_plan_sha256 text,
  p_step text, p_attempt integer, p_result text, p_details jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  head moyai.audit_head;
  moment timestamptz;
  content text;
  hash text;
BEGIN
  -- Lengths by themselves: {1,254} in a pattern takes longer than all else here.
  IF ((p_chain = 'federation' OR length(p_chain) = 11 AND p_chain ~ '^body:[0-9]+$')
      AND (p_actor = 'moyai' OR length(p_actor) <= 263
        AND p_actor ~ '^(operator|approver|worker):[!-~]+$')
      AND length(p_action) <= 100 AND p_action ~ '^[!-~]+$'
      AND length(p_result) <= 100 AND p_result ~ '^[!-~]+$'
      AND jsonb_typeof(p_details) = 'object') IS NOT TRUE THEN
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
  content := concat(
    '{"action":', to_json(p_action), ',"actor":', to_json(p_actor),
    ',"at":"', to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
    '","attempt":', coalesce(p_attempt::text, 'null'), ',"chain":"', p_chain,
    '","code":', CASE p_chain WHEN 'federation' THEN 'null' ELSE to_json(substr(p_chain, 6))::text END,
    ',"details":', CASE WHEN p_details = '{}' THEN '{}' ELSE moyai.canonical(p_details) END,
    ',"operation":', coalesce(to_json(p_operation)::text, 'null'),
    ',"plan_sha256":', coalesce(to_json(p_plan_sha256)::text, 'null'),
    ',"previous_sha256":"', head.sha256, '","result":', to_json(p_result),
    ',"schema":"moyai.audit/1","seq":', head.seq + 1,
    ',"step":', coalesce(to_json(p_step)::text, 'null'), '}');
  IF position('PRIVATE KEY-----' IN content) > 0 THEN
    PERFORM moyai.refuse('a private key is kept nowhere', 'MY004');
  END IF;
  hash := encode(sha256(convert_to(content, 'UTF8')), 'hex');
  INSERT INTO moyai.audit VALUES (p_chain, head.seq + 1, moment, content, hash);
  UPDATE moyai.audit_head SET seq = head.seq + 1, sha256 = hash WHERE chain = p_chain;
END $$;
