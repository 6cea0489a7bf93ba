-- One body carried: taken, from step to step, to its end. The record of each says what the ledger says.

-- As before; by a worker on record whose bodies nobody has taken: one that comes back too late takes none.
CREATE OR REPLACE FUNCTION moyai.take(p_operation text, p_code text, p_attempt integer, p_worker text)
RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  entry moyai.body;
  known jsonb;
  earlier jsonb;
BEGIN
  UPDATE moyai.body SET claim = claim + 1, worker = p_worker
    WHERE operation_id = p_operation AND code = p_code AND attempts = p_attempt
      AND status = 'running' AND EXISTS (SELECT 1 FROM moyai.worker
        WHERE id = p_worker AND taken_at IS NULL AND ended_at IS NULL)
    RETURNING * INTO entry;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  SELECT coalesce(jsonb_agg(jsonb_build_object(
      'step', step, 'status', status, 'result', result, 'ordinal', ordinal) ORDER BY ordinal), '[]')
    INTO known FROM moyai.step
    WHERE operation_id = p_operation AND code = p_code AND attempt = p_attempt;
  IF p_attempt > 1 THEN
    SELECT jsonb_agg(jsonb_build_object(
        'step', step, 'status', status, 'result', result, 'ordinal', ordinal)
        ORDER BY attempt, ordinal)
      INTO earlier FROM moyai.step
      WHERE operation_id = p_operation AND code = p_code AND attempt < p_attempt;
  END IF;
  RETURN jsonb_build_object('claim', entry.claim, 'steps', known, 'error', entry.error,
    'earlier', coalesce(earlier, '[]'),
    'signature', entry.error_signature,
    'wanted', (SELECT wanted FROM moyai.operation WHERE id = p_operation));
END $$;

-- The step in hand has ended (p_ended, or NULL at the beginning), with an error or without; the next
-- one is intended (p_next, or NULL). What is wanted of the operation.
CREATE FUNCTION moyai.go_on(
  p_operation text, p_code text, p_claim bigint,
  p_ended text, p_looked boolean, p_result jsonb, p_error jsonb, p_signature text,
  p_next text, p_ordinal integer, p_key text)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  entry moyai.body := moyai.fence(p_operation, p_code, p_claim);
  of_kind text;
  of_plan text;
  wish text;
BEGIN
  SELECT kind, plan_sha256, wanted INTO of_kind, of_plan, wish
    FROM moyai.operation WHERE id = p_operation;
  -- Asked again after a lost answer: all of it is there.
  IF EXISTS (SELECT 1 FROM moyai.step
      WHERE operation_id = p_operation AND code = p_code AND attempt = entry.attempts
        AND claim = p_claim
        AND ((p_next IS NOT NULL AND step = p_next)
          OR (p_next IS NULL AND step = p_ended AND status <> 'intended'))) THEN
    RETURN wish;
  END IF;
  IF p_ended IS NULL AND p_error IS NOT NULL OR p_ended IS NOT NULL AND p_error IS NULL
      AND p_result IS NULL THEN
    PERFORM moyai.refuse('an end has a step, and a result or an error', 'MY003');
  END IF;
  IF p_ended IS NOT NULL THEN
    UPDATE moyai.step SET done_at = clock_timestamp(), looked = p_looked, claim = p_claim,
        status = CASE WHEN p_error IS NULL THEN 'done' ELSE 'failed' END,
        result = coalesce(p_error, p_result)
      WHERE operation_id = p_operation AND code = p_code AND attempt = entry.attempts
        AND step = p_ended AND status = 'intended';
    IF NOT FOUND THEN
      PERFORM moyai.refuse('step ' || p_ended || ' was not intended', 'MY003');
    END IF;
    PERFORM moyai.put_record('body:' || p_code, 'worker:' || entry.worker, of_kind || '.step',
      p_operation, of_plan, p_ended, entry.attempts,
      CASE WHEN p_error IS NULL THEN 'done' ELSE 'failed' END, coalesce(p_error, p_result));
  END IF;
  IF p_error IS NOT NULL THEN
    UPDATE moyai.body SET error = p_error, error_signature = p_signature
      WHERE operation_id = p_operation AND code = p_code;
  END IF;
  IF p_next IS NOT NULL THEN
    IF coalesce(entry.error, p_error) IS NOT NULL AND NOT starts_with(p_next, '-') THEN
      PERFORM moyai.refuse('after a failure steps are taken back only', 'MY003');
    END IF;
    INSERT INTO moyai.step (operation_id, code, attempt, step, ordinal, status, key, claim,
        intended_at)
      VALUES (p_operation, p_code, entry.attempts, p_next, p_ordinal, 'intended', p_key, p_claim,
        clock_timestamp());
    UPDATE moyai.body SET step = p_next WHERE operation_id = p_operation AND code = p_code;
  END IF;
  RETURN wish;
END $$;

-- The carrying has ended, and with it the last step, where its end (p_ended) is not on record yet.
CREATE FUNCTION moyai.finish(
  p_operation text, p_code text, p_claim bigint,
  p_ended text, p_looked boolean, p_ended_result jsonb,
  p_status text, p_error jsonb, p_signature text, p_result jsonb)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  entry moyai.body;
  entire moyai.operation;
  open_steps boolean;
  any_back boolean;
  back_fails boolean;
BEGIN
  IF EXISTS (SELECT 1 FROM moyai.body WHERE operation_id = p_operation AND code = p_code
      AND claim = p_claim AND status = p_status) THEN
    RETURN;  -- asked again after a lost answer
  END IF;
  IF p_ended IS NOT NULL THEN
    PERFORM moyai.go_on(p_operation, p_code, p_claim, p_ended, p_looked, p_ended_result, NULL, NULL,
      NULL, NULL, NULL);
  END IF;
  entry := moyai.fence(p_operation, p_code, p_claim);
  IF p_status IS NULL
      OR p_status NOT IN ('done', 'failed', 'held', 'skipped', 'moved', 'cancelled')
      OR (p_status = 'done') <> (p_error IS NULL) THEN
    PERFORM moyai.refuse('no end of a body', 'MY005', p_status);
  END IF;
  SELECT bool_or(status <> 'done'), bool_or(starts_with(step, '-')),
      bool_or(starts_with(step, '-') AND status <> 'done')
    INTO open_steps, any_back, back_fails FROM moyai.step
    WHERE operation_id = p_operation AND code = p_code AND attempt = entry.attempts;
  IF p_status = 'done' AND (open_steps OR any_back OR entry.error IS NOT NULL)
      OR p_status <> 'held' AND back_fails THEN
    PERFORM moyai.refuse('its steps say otherwise', 'MY005', p_status);
  END IF;
  SELECT id, kind, subject, plan_sha256 INTO entire.id, entire.kind, entire.subject,
    entire.plan_sha256 FROM moyai.operation WHERE id = p_operation;
  UPDATE moyai.body SET status = p_status, error = p_error, error_signature = p_signature,
      result = p_result, ended_at = clock_timestamp()
    WHERE operation_id = p_operation AND code = p_code;
  IF p_status = 'done' THEN
    UPDATE moyai.debt SET closed_at = clock_timestamp(), closed_by = p_operation
      WHERE code = p_code AND kind = entire.kind AND subject = entire.subject
        AND closed_at IS NULL;
  ELSIF p_status <> 'cancelled' THEN
    INSERT INTO moyai.debt (code, kind, subject, operation_id, reason)
      VALUES (p_code, entire.kind, entire.subject, p_operation, p_error->'what')
      ON CONFLICT (code, kind, subject) WHERE closed_at IS NULL
      DO UPDATE SET reason = excluded.reason, operation_id = excluded.operation_id;
  END IF;
  PERFORM moyai.put_record('body:' || p_code, 'worker:' || entry.worker, entire.kind || '.body',
    p_operation, entire.plan_sha256, NULL, entry.attempts, p_status, coalesce(p_error, '{}'));
END $$;

-- As workers of the version before ask, until they are started again; their records are not looked at.
CREATE OR REPLACE FUNCTION moyai.go_on(
  p_operation text, p_code text, p_claim bigint,
  p_ended text, p_looked boolean, p_result jsonb, p_error jsonb, p_signature text,
  p_next text, p_ordinal integer, p_key text, p_records jsonb)
RETURNS text
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN moyai.go_on(p_operation, p_code, p_claim, p_ended, p_looked, p_result, p_error, p_signature,
  p_next, p_ordinal, p_key);

CREATE OR REPLACE FUNCTION moyai.finish(
  p_operation text, p_code text, p_claim bigint,
  p_ended text, p_looked boolean, p_ended_result jsonb, p_records jsonb,
  p_status text, p_error jsonb, p_signature text, p_result jsonb, p_record jsonb, p_debt jsonb)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN moyai.finish(p_operation, p_code, p_claim, p_ended, p_looked, p_ended_result, p_status,
  p_error, p_signature, p_result);
