-- What operators' logins may do. Who does it is what their machine says (a signature alone proves a person);
-- what is done, and its record, is not for it to say.

-- What a plan says of how many at once, beside its wave: no begin has to read the plan for it.
ALTER TABLE moyai.wave ADD COLUMN max_concurrent integer;
UPDATE moyai.wave w SET max_concurrent = (planned->'limits'->>'max_concurrent')::integer
  FROM moyai.operation o, jsonb_array_elements(o.plan::jsonb->'waves') planned
  WHERE o.id = w.operation_id AND o.status NOT IN ('cancelled', 'expired')
    AND (planned->>'number')::integer = w.number;
COMMENT ON COLUMN moyai.wave.max_concurrent IS 'of the plan; NULL: none may be begun';

-- Numbers of a plan that workers and this database reckon with: whole, from 0, of nine digits at most. All its
-- other values are for those to check who read it.
CREATE FUNCTION moyai.require_numbers(p_plan jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
      SELECT 1 FROM (VALUES (p_plan->'approval_seconds'), (p_plan->'same_errors')) AS own (number)
        WHERE number::text ~ '^(0|[1-9][0-9]{0,8})$' IS NOT TRUE
      UNION ALL
      SELECT 1 FROM jsonb_array_elements(p_plan->'waves') AS wave, LATERAL (VALUES (wave->'number'),
          (wave->'soak_seconds'), (wave->'limits'->'max_concurrent'), (wave->'limits'->'tolerance'))
          AS listed (number)
        WHERE number::text ~ '^(0|[1-9][0-9]{0,8})$' IS NOT TRUE
      UNION ALL
      SELECT 1 FROM jsonb_array_elements(p_plan->'bodies') AS body,
          LATERAL (VALUES (body->'wave'), (body->'forecast_seconds')) AS listed (number)
        WHERE number::text ~ '^(0|[1-9][0-9]{0,8})$' IS NOT TRUE) THEN
    PERFORM moyai.refuse('a number of the plan is none');
  END IF;
END $$;

CREATE FUNCTION moyai.require_person(p_actor text, p_kinds text DEFAULT 'operator') RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF p_actor IS NULL OR p_actor !~ ('^(' || p_kinds || '):[!-~]{1,254}$') THEN
    PERFORM moyai.refuse('a person has to be named', 'MY004');
  END IF;
END $$;

-- An operation that has not ended, locked: others that want something of it wait.
CREATE FUNCTION moyai.alive(p_operation text) RETURNS moyai.operation
LANGUAGE plpgsql AS $$
DECLARE found moyai.operation;
BEGIN
  SELECT * INTO found FROM moyai.operation WHERE id = p_operation FOR NO KEY UPDATE;
  IF found.id IS NULL THEN
    PERFORM moyai.refuse('no such operation', 'MY006');
  END IF;
  IF found.status NOT IN ('planned', 'running', 'paused', 'held') THEN
    PERFORM moyai.refuse('it has ended', 'MY005', found.status);
  END IF;
  RETURN found;
END $$;

-- A person's word of a whole operation, or of one of its waves: in the chain of each body concerned, so that
-- its export tells it alone, and in the federation's, which is locked last by all who write several. What is
-- about another body (a proposal's subject) is in the federation's alone: a body's chain names no other.
CREATE FUNCTION moyai.put_word(p_entry moyai.operation, p_wave integer, p_actor text, p_action text,
  p_details jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE chain text;
BEGIN
  FOR chain IN SELECT 'body:' || code FROM moyai.body
      WHERE operation_id = p_entry.id AND (p_wave IS NULL OR wave = p_wave)
      UNION ALL SELECT 'federation' ORDER BY 1 LOOP
    PERFORM moyai.put_record(chain, p_actor, p_action, p_entry.id, p_entry.plan_sha256, NULL, NULL,
      'done', CASE WHEN chain <> 'federation' AND p_details->>'subject' ~ '^[0-9]{6} '
          AND left(p_details->>'subject', 6) <> substr(chain, 6)
        THEN p_details - 'subject' ELSE p_details END);
  END LOOP;
END $$;

-- A plan on record, with the entries that it means and no others. False: the id is taken.
CREATE FUNCTION moyai.plan_operation(p_id text, p_plan text, p_signature text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  plan jsonb := p_plan::jsonb;
  hash text := encode(sha256(convert_to(p_plan, 'UTF8')), 'hex');
  actor text := 'operator:' || (plan->>'planned_by');
  details jsonb := jsonb_build_object('kind', plan->'kind', 'subject', plan->'subject');
  entry moyai.operation;
BEGIN
  PERFORM moyai.require_person(actor);
  IF plan->>'schema' IS DISTINCT FROM 'moyai.operation/1' OR length(p_signature) > 16384 THEN
    PERFORM moyai.refuse('no plan of this version');
  END IF;
  PERFORM moyai.require_numbers(plan);
  -- The day may end while the plan is being signed.
  IF p_id IS NULL OR p_id !~ '^[0-9]{8}-[1-9][0-9]{0,5}$' OR left(p_id, 8) NOT IN (
      to_char(clock_timestamp() AT TIME ZONE 'Asia/Tokyo', 'YYYYMMDD'),
      to_char((clock_timestamp() - interval '1 hour') AT TIME ZONE 'Asia/Tokyo', 'YYYYMMDD')) THEN
    PERFORM moyai.refuse('no id of today');
  END IF;
  PERFORM pg_advisory_xact_lock(7702, 2);
  IF EXISTS (SELECT 1 FROM moyai.operation WHERE id = p_id) THEN
    RETURN false;
  END IF;
  -- One far ahead would leave no number for those that follow it on its day.
  IF split_part(p_id, '-', 2)::integer > 1 + coalesce((SELECT max(split_part(id, '-', 2)::integer)
      FROM moyai.operation WHERE left(id, 9) = left(p_id, 9)), 0) THEN
    PERFORM moyai.refuse('not the next id of its day');
  END IF;
  -- A proposal waits until it is in the file, which a person says: it may be approved before anything else is asked.
  INSERT INTO moyai.operation (id, kind, subject, site, plan, plan_sha256, planned_by,
      planner_signature, wanted)
    VALUES (p_id, plan->>'kind', plan->>'subject', plan->>'site', p_plan, hash,
      plan->>'planned_by', p_signature, CASE plan->>'kind' WHEN 'edit' THEN 'pause' ELSE 'run' END);
  INSERT INTO moyai.wave (operation_id, number, name, max_concurrent)
    SELECT p_id, (one->>'number')::integer, one->>'name', (one->'limits'->>'max_concurrent')::integer
    FROM jsonb_array_elements(plan->'waves') one;
  INSERT INTO moyai.body (operation_id, code, name, wave, position)
    SELECT p_id, one->>'code', one->>'name', (one->>'wave')::integer, ordinality - 1
    FROM jsonb_array_elements(plan->'bodies') WITH ORDINALITY AS listed (one, ordinality);
  SELECT p_id, hash INTO entry.id, entry.plan_sha256;
  PERFORM moyai.put_word(entry, NULL, actor, 'operation.plan', details);
  RETURN true;
END $$;

-- What is wanted of an operation. What is being cancelled is cancelled: nothing else may be wanted of it any more.
CREATE FUNCTION moyai.want(p_operation text, p_wanted text, p_actor text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  entry moyai.operation := moyai.alive(p_operation);
  -- A held operation goes on when a person says so; the conductor judges it anew.
  goes_on boolean := p_wanted = 'run' AND entry.status IN ('held', 'paused');
BEGIN
  PERFORM moyai.require_person(p_actor);
  IF p_wanted IS NULL OR p_wanted NOT IN ('run', 'pause', 'cancel', 'stop') THEN
    PERFORM moyai.refuse('nobody can want that');
  END IF;
  IF entry.wanted IN ('cancel', 'stop') AND p_wanted NOT IN ('cancel', 'stop') THEN
    PERFORM moyai.refuse('it is being cancelled', 'MY005', 'cancelling');
  END IF;
  UPDATE moyai.operation SET wanted = p_wanted,
      status = CASE WHEN goes_on THEN 'running' ELSE status END,
      began_at = CASE WHEN goes_on THEN coalesce(began_at, clock_timestamp()) ELSE began_at END
    WHERE id = p_operation;
  PERFORM moyai.put_word(entry, NULL, p_actor, 'operation.' || p_wanted, '{}');
END $$;

-- What was held goes on: failures that have ended by now count no longer.
CREATE FUNCTION moyai.release(p_operation text, p_what text[], p_actor text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  entry moyai.operation := moyai.alive(p_operation);
  what text;
BEGIN
  PERFORM moyai.require_person(p_actor);
  FOREACH what IN ARRAY p_what LOOP
    IF what IS NULL OR what <> 'operation' AND NOT EXISTS (SELECT 1 FROM moyai.wave
        WHERE operation_id = p_operation AND what = 'wave:' || number) THEN
      PERFORM moyai.refuse('nothing that could be held: ' || coalesce(what, ''));
    END IF;
  END LOOP;
  UPDATE moyai.operation SET released = released || coalesce(
      (SELECT jsonb_object_agg(x, to_jsonb(clock_timestamp())) FROM unnest(p_what) x), '{}')
    WHERE id = p_operation;
  PERFORM moyai.put_word(entry, NULL, p_actor, 'operation.release',
    jsonb_build_object('what', to_jsonb(p_what)));
END $$;

-- An approved edit is being put into tenants.yaml. p_written: false, where the file had it already.
CREATE FUNCTION moyai.put_in_file(p_operation text, p_written boolean, p_actor text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE entry moyai.operation := moyai.alive(p_operation);
BEGIN
  PERFORM moyai.require_person(p_actor);
  IF entry.kind <> 'edit' OR entry.wanted IN ('cancel', 'stop') OR NOT moyai.may_begin(p_operation) THEN
    PERFORM moyai.refuse('no edit that may be put there', 'MY005', entry.status);
  END IF;
  PERFORM moyai.put_word(entry, NULL, p_actor, 'operation.apply', jsonb_build_object('written', p_written,
    'after_sha256', entry.plan::jsonb #> '{parameters,after_sha256}'));
END $$;

-- Bodies that ended without success wait again, for a new attempt from the first step.
CREATE FUNCTION moyai.retry(p_operation text, p_codes text[], p_actor text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  entry moyai.operation;
  one text;
  changed integer;
  has_ended boolean;
BEGIN
  PERFORM moyai.require_person(p_actor);
  SELECT * INTO entry FROM moyai.operation WHERE id = p_operation FOR NO KEY UPDATE;
  IF entry.id IS NULL THEN
    PERFORM moyai.refuse('no such operation', 'MY006');
  END IF;
  IF entry.status IN ('planned', 'cancelled', 'expired') THEN
    PERFORM moyai.refuse('it never began, or never goes on', 'MY005', entry.status);
  END IF;
  IF entry.wanted IN ('cancel', 'stop') THEN
    PERFORM moyai.refuse('it is being cancelled', 'MY005', 'cancelling');
  END IF;
  UPDATE moyai.body SET status = 'waiting', error = NULL, error_signature = NULL
    WHERE operation_id = p_operation AND code = ANY (p_codes)
      AND status IN ('failed', 'held', 'skipped', 'moved');
  GET DIAGNOSTICS changed = ROW_COUNT;
  IF changed = 0 OR changed <> (SELECT count(DISTINCT x) FROM unnest(p_codes) x) THEN
    PERFORM moyai.refuse('some of its bodies are not to be begun again', 'MY005', 'bodies');
  END IF;
  -- One that goes on is for the conductor to judge anew, and a pause of it stays: it was meant for all its bodies.
  -- The row is written all the same: a decision on what was before does not hold any more.
  has_ended := entry.status IN ('done', 'failed');
  UPDATE moyai.operation SET
      status = CASE WHEN has_ended THEN 'running' ELSE status END,
      wanted = CASE WHEN has_ended THEN 'run' ELSE wanted END,
      reason = CASE WHEN has_ended THEN NULL ELSE reason END
    WHERE id = p_operation;
  -- A body's own record names no other body. The federation's chain is locked last, by all who write several.
  FOR one IN SELECT DISTINCT x FROM unnest(p_codes) x ORDER BY 1 LOOP
    PERFORM moyai.put_record('body:' || one, p_actor, 'operation.retry', p_operation, NULL, NULL, NULL,
      'done', '{}');
  END LOOP;
  PERFORM moyai.put_record('federation', p_actor, 'operation.retry', p_operation, NULL, NULL, NULL,
    'done', jsonb_build_object('codes', to_jsonb(p_codes)));
END $$;

-- A signature on record, once; its record has it too, so that an export proves the approval alone. Whether it
-- counts workers judge, each time anew. False: the same person's other signature over the same line is there.
CREATE FUNCTION moyai.approve(p_operation text, p_subject text, p_operator text, p_plan_sha256 text,
  p_signature text, p_signed_at timestamptz, p_is_own boolean)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  entry moyai.operation := moyai.alive(p_operation);
  actor text := CASE WHEN p_is_own THEN 'approver:' ELSE 'operator:' END || p_operator;
  code text := substring(p_subject FROM '^[a-z][a-z-]*:([0-9]{6})$');
  details jsonb;
BEGIN
  PERFORM moyai.require_person(actor, 'operator|approver');
  IF p_plan_sha256 IS DISTINCT FROM entry.plan_sha256 THEN
    PERFORM moyai.refuse('not the plan that is on record', 'MY004');
  END IF;
  IF p_subject IS NULL
      OR p_subject <> 'plan' AND code IS NULL AND NOT EXISTS (SELECT 1 FROM moyai.wave
        WHERE operation_id = p_operation AND p_subject = 'wave:' || number)
      OR code IS NOT NULL AND NOT EXISTS (SELECT 1 FROM moyai.body b
        WHERE b.operation_id = p_operation AND b.code = substring(p_subject FROM '[0-9]+$'))
      OR p_is_own AND p_subject NOT LIKE 'body:%' THEN
    PERFORM moyai.refuse('nothing of it is called ' || coalesce(p_subject, ''), 'MY004');
  END IF;
  IF p_signed_at IS NULL OR p_signature IS NULL OR length(p_signature) > 16384 THEN
    PERFORM moyai.refuse('no signature', 'MY004');
  END IF;
  INSERT INTO moyai.approval (operation_id, subject, operator, plan_sha256, signature, signed_at)
    VALUES (p_operation, p_subject, p_operator, p_plan_sha256, p_signature, p_signed_at)
    ON CONFLICT (operation_id, subject, operator, signed_at) DO NOTHING;
  IF NOT FOUND THEN
    RETURN EXISTS (SELECT 1 FROM moyai.approval WHERE operation_id = p_operation
      AND subject = p_subject AND operator = p_operator AND signed_at = p_signed_at
      AND signature = p_signature);
  END IF;
  details := jsonb_build_object('subject', p_subject, 'signature', p_signature, 'signed_at',
    to_char(p_signed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
  IF code IS NULL THEN
    PERFORM moyai.put_word(entry, substring(p_subject FROM '^wave:([0-9]+)$')::integer, actor,
      'operation.approve', details);
  ELSE
    PERFORM moyai.put_record('body:' || code, actor, 'operation.approve', p_operation, p_plan_sha256,
      NULL, NULL, 'done', details);
    PERFORM moyai.put_record('federation', actor, 'operation.approve', p_operation, p_plan_sha256,
      NULL, NULL, 'done', details);
  END IF;
  RETURN true;
END $$;
