-- What is done by runbooks becomes part of the audit: each line of a run's evidence once, and in its order.

CREATE TABLE moyai.runbook_note (
  run text NOT NULL CHECK (run ~ '^r[0-9]{8}-[0-9]{1,5}\.[0-9a-f]{16}$'),
  number integer NOT NULL CHECK (number > 0),
  sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (run, number)
);
COMMENT ON TABLE moyai.runbook_note IS 'lines of runs'' evidence that are in the audit chains';
COMMENT ON COLUMN moyai.runbook_note.run IS
  'the run''s id on its machine, and the beginning of the hash of its first line: ids of two machines may be the same';
CREATE TRIGGER runbook_note_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON moyai.runbook_note
  FOR EACH STATEMENT EXECUTE FUNCTION moyai.refuse_change();

-- Puts one line's records into their chains, by name, so that the federation's is locked last. False: they are there already. MY004: it is no record of a runbook;
-- MY007: another line has its number, or the one before is not there yet.
CREATE FUNCTION moyai.note_runbook(p_run text, p_number integer, p_sha256 text, p_records jsonb)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  known text;
  given jsonb;
  last_chain text COLLATE "C" := '';
BEGIN
  PERFORM pg_advisory_xact_lock(7704, hashtext(p_run));
  SELECT n.sha256 INTO known FROM moyai.runbook_note n WHERE n.run = p_run AND n.number = p_number;
  IF FOUND AND known = p_sha256 THEN
    RETURN false;
  END IF;
  IF FOUND OR p_number IS DISTINCT FROM 1 + coalesce(
      (SELECT max(n.number) FROM moyai.runbook_note n WHERE n.run = p_run), 0) THEN
    RAISE EXCEPTION 'not the line % of %', p_number, p_run USING ERRCODE = 'MY007';
  END IF;
  INSERT INTO moyai.runbook_note (run, number, sha256) VALUES (p_run, p_number, p_sha256);
  FOR given IN SELECT value FROM jsonb_array_elements(p_records) LOOP
    IF (given->>'action' ~ '^runbook\.[a-z]{1,20}$') IS NOT TRUE
        OR (given->>'actor' ~ '^(moyai$|operator:)') IS NOT TRUE
        OR given->'details'->>'evidence_sha256' IS DISTINCT FROM p_sha256
        OR (given->>'chain' > last_chain) IS NOT TRUE
        OR given->>'chain' !~ '^(federation|body:[0-9]{6})$' THEN
      RAISE EXCEPTION 'no record of a runbook' USING ERRCODE = 'MY004';
    END IF;
    PERFORM moyai.put_record(given->>'chain', given->>'actor', given->>'action',
      split_part(p_run, '.', 1), given->>'plan_sha256', given->>'step', NULL, given->>'result',
      given->'details');
    last_chain := given->>'chain';
  END LOOP;
  IF last_chain <> 'federation' THEN
    RAISE EXCEPTION 'no record of a runbook' USING ERRCODE = 'MY004';
  END IF;
  RETURN true;
END $$;

REVOKE ALL ON moyai.runbook_note FROM PUBLIC;
GRANT SELECT ON moyai.runbook_note TO moyai_operator, moyai_worker;
REVOKE ALL ON FUNCTION moyai.note_runbook(text, integer, text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION moyai.note_runbook(text, integer, text, jsonb) TO moyai_operator;
