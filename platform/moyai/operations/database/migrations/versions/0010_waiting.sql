-- Whatever waits says why: a body in hand too, while nobody can say how it stands.

-- Why a body in hand waits (NULL: it goes on). Nothing of it is in the audit, as it says nothing of the body. What
-- is wanted of the operation.
CREATE FUNCTION moyai.tell_wait(p_operation text, p_code text, p_claim bigint, p_waits jsonb)
RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM moyai.fence(p_operation, p_code, p_claim);
  UPDATE moyai.body SET waits = p_waits WHERE operation_id = p_operation AND code = p_code;
  RETURN (SELECT jsonb_build_object('now', clock_timestamp(), 'wanted', wanted)
    FROM moyai.operation WHERE id = p_operation);
END $$;

-- Whoever takes such a body, and its end, make the sentence untrue.
CREATE FUNCTION moyai.end_wait() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.waits := NULL;
  RETURN NEW;
END $$;
CREATE TRIGGER body_waits_no_more BEFORE UPDATE OF claim, status ON moyai.body FOR EACH ROW
  WHEN (OLD.status = 'running' AND OLD.waits IS NOT NULL
    AND NEW.waits IS NOT DISTINCT FROM OLD.waits)
  EXECUTE FUNCTION moyai.end_wait();

GRANT EXECUTE ON FUNCTION moyai.tell_wait(text, text, bigint, jsonb) TO moyai_worker;
