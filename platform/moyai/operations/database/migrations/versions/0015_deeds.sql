-- What is done by hand becomes part of the audit as what runbooks do: lines that waited on a machine, each once and in its order.

ALTER TABLE moyai.runbook_note RENAME TO line_note;
ALTER TABLE moyai.line_note RENAME COLUMN run TO key;
ALTER TABLE moyai.line_note DROP CONSTRAINT runbook_note_run_check;
ALTER TABLE moyai.line_note ADD CONSTRAINT line_note_key_check CHECK (
  key ~ '^(r[0-9]{8}-[0-9]{1,5}|d[0-9]{8}-[0-9]{6}-[0-9a-f]{8})\.[0-9a-f]{16}$');
COMMENT ON TABLE moyai.line_note IS 'lines of machines'' evidence that are in the audit chains';
COMMENT ON COLUMN moyai.line_note.key IS
  'the id of the run or deed on its machine, and the beginning of the hash of its first line: ids of two machines may be the same';
-- As versions before ask for it.
CREATE VIEW moyai.runbook_note AS SELECT key AS run, number, sha256, at FROM moyai.line_note;

-- One more who may have done something: a user of a machine.
CREATE OR REPLACE FUNCTION moyai.is_record(
  p_chain text, p_actor text, p_action text, p_result text, p_details jsonb)
RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN ((p_chain = 'federation' OR length(p_chain) = 11 AND p_chain ~ '^body:[0-9]+$')
  AND (p_actor = 'moyai' OR length(p_actor) <= 263
    AND p_actor ~ '^(operator|approver|worker|person):[!-~]+$')
  AND length(p_action) <= 100 AND p_action ~ '^[!-~]+$'
  AND length(p_result) <= 100 AND p_result ~ '^[!-~]+$'
  AND jsonb_typeof(p_details) = 'object') IS TRUE;

-- Puts one line's records into their chains, by name, so that the federation's is locked last. False: they are there already. MY004: it is no record of such a line;
-- MY007: another line has its number, or the one before is not there yet. Nobody calls it but the two below.
CREATE FUNCTION moyai.note_line(
  p_key text, p_number integer, p_sha256 text, p_records jsonb, p_action text, p_actor text)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  known text;
  given jsonb;
  last_chain text COLLATE "C" := '';
BEGIN
  PERFORM pg_advisory_xact_lock(7704, hashtext(p_key));
  SELECT n.sha256 INTO known FROM moyai.line_note n WHERE n.key = p_key AND n.number = p_number;
  IF FOUND AND known = p_sha256 THEN
    RETURN false;
  END IF;
  IF FOUND OR p_number IS DISTINCT FROM 1 + coalesce(
      (SELECT max(n.number) FROM moyai.line_note n WHERE n.key = p_key), 0) THEN
    RAISE EXCEPTION 'not the line % of %', p_number, p_key USING ERRCODE = 'MY007';
  END IF;
  INSERT INTO moyai.line_note (key, number, sha256) VALUES (p_key, p_number, p_sha256);
  FOR given IN SELECT value FROM jsonb_array_elements(p_records) LOOP
    IF (given->>'action' ~ p_action) IS NOT TRUE
        OR (given->>'actor' ~ p_actor) IS NOT TRUE
        OR given->'details'->>'evidence_sha256' IS DISTINCT FROM p_sha256
        OR (given->>'chain' > last_chain) IS NOT TRUE
        OR given->>'chain' !~ '^(federation|body:[0-9]{6})$' THEN
      RAISE EXCEPTION 'no record of a line' USING ERRCODE = 'MY004';
    END IF;
    PERFORM moyai.put_record(given->>'chain', given->>'actor', given->>'action',
      split_part(p_key, '.', 1), given->>'plan_sha256', given->>'step', NULL, given->>'result',
      given->'details');
    last_chain := given->>'chain';
  END LOOP;
  IF last_chain <> 'federation' THEN
    RAISE EXCEPTION 'no record of a line' USING ERRCODE = 'MY004';
  END IF;
  RETURN true;
END $$;
REVOKE ALL ON FUNCTION moyai.note_line(text, integer, text, jsonb, text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION moyai.note_runbook(p_run text, p_number integer, p_sha256 text, p_records jsonb)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (p_run ~ '^r') IS NOT TRUE THEN
    RAISE EXCEPTION 'no run' USING ERRCODE = 'MY004';
  END IF;
  RETURN moyai.note_line(p_run, p_number, p_sha256, p_records, '^runbook\.[a-z]{1,20}$', '^(moyai$|operator:)');
END $$;

-- What a command by hand did. The actor is the machine's word for its user, or moyai where it tells that a command ended without a word.
CREATE FUNCTION moyai.note_deed(p_deed text, p_number integer, p_sha256 text, p_records jsonb)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (p_deed ~ '^d') IS NOT TRUE THEN
    RAISE EXCEPTION 'no deed' USING ERRCODE = 'MY004';
  END IF;
  RETURN moyai.note_line(p_deed, p_number, p_sha256, p_records, '^hand\.[a-z-]{1,30}$', '^(moyai$|person:)');
END $$;

REVOKE ALL ON moyai.runbook_note FROM PUBLIC;
GRANT SELECT ON moyai.runbook_note TO moyai_operator, moyai_worker;
REVOKE ALL ON FUNCTION moyai.note_deed(text, integer, text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION moyai.note_deed(text, integer, text, jsonb) TO moyai_operator, moyai_worker;
