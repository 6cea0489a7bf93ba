-- A body that was begun and may not be changed now waits again: its window has closed meanwhile, its
-- approval has lapsed, or a person wants nothing more to begin.

ALTER TABLE moyai.body ADD COLUMN may_begin_at timestamptz;
COMMENT ON COLUMN moyai.body.may_begin_at IS 'not begun before; NULL: at any time';

CREATE FUNCTION moyai.put_back(
  p_operation text, p_code text, p_claim bigint,
  p_ended text, p_result jsonb, p_records jsonb,
  p_waits jsonb, p_seconds integer, p_record jsonb)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, moyai AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM moyai.body WHERE operation_id = p_operation AND code = p_code
      AND claim = p_claim AND status = 'waiting') THEN
    RETURN;  -- asked again after a lost answer
  END IF;
  PERFORM moyai.fence(p_operation, p_code, p_claim);
  IF p_ended IS NOT NULL THEN
    PERFORM moyai.go_on(p_operation, p_code, p_claim, p_ended, false, p_result, NULL, NULL,
      NULL, NULL, NULL, p_records);
  END IF;
  UPDATE moyai.body SET status = 'waiting', waits = p_waits, worker = NULL,
      may_begin_at = clock_timestamp() + make_interval(secs => p_seconds)
    WHERE operation_id = p_operation AND code = p_code;
  PERFORM moyai.record('body:' || p_code, p_record);
END $$;

REVOKE ALL ON FUNCTION moyai.put_back(text, text, bigint, text, jsonb, jsonb, jsonb, integer, jsonb)
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION moyai.put_back(text, text, bigint, text, jsonb, jsonb, jsonb, integer, jsonb)
  TO moyai_worker;

-- A debt is what a body lacks. What settles it may be another operation than the one that left it, or the
-- body's leaving: closed with the reason, and a record in the body's chain.
ALTER TABLE moyai.debt ADD COLUMN closed_reason jsonb;

CREATE FUNCTION moyai.settle(p_debt bigint, p_by text, p_reason jsonb, p_record jsonb)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, moyai AS $$
DECLARE owed moyai.debt;
BEGIN
  SELECT * INTO owed FROM moyai.debt WHERE id = p_debt AND closed_at IS NULL FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF p_by IS NOT NULL AND NOT EXISTS (SELECT 1 FROM moyai.body WHERE operation_id = p_by
      AND code = owed.code AND status = 'done') THEN
    RAISE EXCEPTION '% has not done % well', p_by, owed.code USING ERRCODE = 'MY003';
  END IF;
  UPDATE moyai.debt SET closed_at = clock_timestamp(), closed_by = p_by, closed_reason = p_reason
    WHERE id = p_debt;
  PERFORM moyai.record('body:' || owed.code, p_record);
  RETURN true;
END $$;

REVOKE ALL ON FUNCTION moyai.settle(bigint, text, jsonb, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION moyai.settle(bigint, text, jsonb, jsonb) TO moyai_worker;
