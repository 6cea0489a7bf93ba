-- A body that was begun and may not be changed now waits again: its window has closed meanwhile, its
-- approval has lapsed, or a person wants nothing more to begin.

ALTER TABLE moyai.body ADD COLUMN may_begin_at timestamptz;
COMMENT ON COLUMN moyai.body.may_begin_at IS 'not begun before; NULL: at any time';

CREATE FUNCTION moyai.put_back(
  p_operation text, p_code text, p_claim bigint,
  p_ended text, p_result jsonb, p_waits jsonb, p_seconds integer)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  entry moyai.body;
  entire moyai.operation;
BEGIN
  IF EXISTS (SELECT 1 FROM moyai.body WHERE operation_id = p_operation AND code = p_code
      AND claim = p_claim AND status = 'waiting') THEN
    RETURN;  -- asked again after a lost answer
  END IF;
  IF p_ended IS NOT NULL THEN
    PERFORM moyai.go_on(p_operation, p_code, p_claim, p_ended, false, p_result, NULL, NULL,
      NULL, NULL, NULL);
  END IF;
  entry := moyai.fence(p_operation, p_code, p_claim);
  IF p_waits IS NULL OR p_seconds IS NULL OR p_seconds < 0 THEN
    PERFORM moyai.refuse('no reason to wait for', 'MY005');
  END IF;
  SELECT id, kind, plan_sha256 INTO entire.id, entire.kind, entire.plan_sha256
    FROM moyai.operation WHERE id = p_operation;
  UPDATE moyai.body SET status = 'waiting', waits = p_waits, worker = NULL,
      may_begin_at = clock_timestamp() + make_interval(secs => p_seconds)
    WHERE operation_id = p_operation AND code = p_code;
  PERFORM moyai.put_record('body:' || p_code, 'worker:' || entry.worker, entire.kind || '.body',
    p_operation, entire.plan_sha256, NULL, entry.attempts, 'waiting',
    jsonb_build_object('what', p_waits));
END $$;

GRANT EXECUTE ON FUNCTION moyai.put_back(text, text, bigint, text, jsonb, jsonb, integer)
  TO moyai_worker;

-- A look that another carrying took was taken again, just before the first change: what it found now is what the
-- steps behind it rest on, whoever does them.
CREATE FUNCTION moyai.look_again(
  p_operation text, p_code text, p_claim bigint, p_step text, p_result jsonb)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  entry moyai.body := moyai.fence(p_operation, p_code, p_claim);
  of_kind text;
  of_plan text;
  was jsonb;
BEGIN
  SELECT result INTO was FROM moyai.step WHERE operation_id = p_operation AND code = p_code
    AND attempt = entry.attempts AND step = p_step AND status = 'done' AND NOT starts_with(step, '-');
  IF NOT FOUND OR p_result IS NULL OR entry.error IS NOT NULL THEN
    PERFORM moyai.refuse(format('step %s is not done', p_step), 'MY003');
  END IF;
  IF was IS NOT DISTINCT FROM p_result THEN
    RETURN;  -- nothing new, or asked again after a lost answer
  END IF;
  UPDATE moyai.step SET result = p_result, claim = p_claim WHERE operation_id = p_operation
    AND code = p_code AND attempt = entry.attempts AND step = p_step;
  SELECT kind, plan_sha256 INTO of_kind, of_plan FROM moyai.operation WHERE id = p_operation;
  PERFORM moyai.put_record('body:' || p_code, 'worker:' || entry.worker, of_kind || '.step',
    p_operation, of_plan, p_step, entry.attempts, 'again', p_result);
END $$;

GRANT EXECUTE ON FUNCTION moyai.look_again(text, text, bigint, text, jsonb) TO moyai_worker;

-- A debt is what a body lacks. What settles it may be another operation than the one that left it, or the
-- body's leaving: closed with the reason, and a record in the body's chain.
ALTER TABLE moyai.debt ADD COLUMN closed_reason jsonb;

CREATE FUNCTION moyai.settle(p_debt bigint, p_by text, p_reason jsonb)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE owed moyai.debt;
BEGIN
  SELECT * INTO owed FROM moyai.debt WHERE id = p_debt AND closed_at IS NULL FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF p_reason IS NULL OR p_by IS NOT NULL AND NOT EXISTS (SELECT 1 FROM moyai.body WHERE operation_id = p_by
      AND code = owed.code AND status = 'done') THEN
    PERFORM moyai.refuse(format('%s has not done %s well', p_by, owed.code));
  END IF;
  UPDATE moyai.debt SET closed_at = clock_timestamp(), closed_by = p_by, closed_reason = p_reason
    WHERE id = p_debt;
  PERFORM moyai.put_record('body:' || owed.code, 'moyai', 'debt.settle', p_by, NULL, NULL, NULL, 'done',
    jsonb_build_object('kind', owed.kind, 'subject', owed.subject, 'reason', p_reason));
  RETURN true;
END $$;

GRANT EXECUTE ON FUNCTION moyai.settle(bigint, text, jsonb) TO moyai_worker;

-- A body that an operation left half-way is taken over by another, whose plan says so: from its first change
-- on it is the other's, and its entry in the former says where it went. One whose operation is not over
-- stays a failure there, so that nothing goes on because of it.
CREATE FUNCTION moyai.hand_over(
  p_operation text, p_code text, p_claim bigint, p_from text, p_error jsonb)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  entry moyai.body := moyai.fence(p_operation, p_code, p_claim);
  of_kind text;
  of_plan text;
  planned_from text;
BEGIN
  SELECT kind, plan_sha256, plan::jsonb #>> ARRAY['parameters', 'takes_over', p_code, 'operation']
    INTO of_kind, of_plan, planned_from FROM moyai.operation WHERE id = p_operation;
  IF p_from IS NULL OR p_error IS NULL OR p_from IS DISTINCT FROM planned_from THEN
    PERFORM moyai.refuse(format('%s does not take %s over from %s', p_operation, p_code, p_from), 'MY003');
  END IF;
  UPDATE moyai.body b SET error = p_error,
      status = CASE WHEN o.status IN ('done', 'failed', 'cancelled', 'expired') THEN 'cancelled'
        ELSE b.status END
    FROM moyai.operation o
    WHERE o.id = b.operation_id AND b.operation_id = p_from AND b.code = p_code
      AND b.status NOT IN ('running', 'waiting', 'done') AND b.error IS DISTINCT FROM p_error;
  IF FOUND THEN
    PERFORM moyai.put_record('body:' || p_code, 'worker:' || entry.worker, of_kind || '.body',
      p_operation, of_plan, NULL, entry.attempts, 'taken-over', jsonb_build_object('from', p_from));
  END IF;
END $$;

GRANT EXECUTE ON FUNCTION moyai.hand_over(text, text, bigint, text, jsonb) TO moyai_worker;
