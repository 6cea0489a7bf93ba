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
