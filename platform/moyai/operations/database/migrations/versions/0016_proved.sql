-- Records say who signed what, and auditors hold chains against the tables.

-- What was begun, done and approved, without what was found: so that a chain that was cut off together with its head
-- is seen by who only reads the audit.
GRANT SELECT (id) ON moyai.operation TO moyai_auditor;
GRANT SELECT (operation_id, code, wave, status, attempts) ON moyai.body TO moyai_auditor;
GRANT SELECT (operation_id, code, attempt, step, status) ON moyai.step TO moyai_auditor;
GRANT SELECT (operation_id, subject, operator, signed_at) ON moyai.approval TO moyai_auditor;

-- Heads are anchored soon after an operation was approved, was held or has ended, too.
INSERT INTO moyai.turn VALUES ('anchors early', clock_timestamp()) ON CONFLICT DO NOTHING;

-- What a text of a plan names: bodies of the plan by code or name, and whatever else looks like a code.
CREATE FUNCTION moyai.named_in(p_text text, p_codes text[], p_names text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
  SELECT coalesce(array_agg(DISTINCT found.code), '{}') FROM (
    SELECT body.code FROM unnest(p_codes, p_names) AS body (code, name)
      WHERE position(body.code IN p_text) > 0 OR body.name <> '' AND position(body.name IN p_text) > 0
    UNION ALL SELECT one[1] FROM regexp_matches(p_text, '\m[0-9]{6}\M', 'g') AS one) AS found (code);
END;

-- A body's own part of a plan: without what names another. Values by body are that body's.
CREATE FUNCTION moyai.parts_of_bodies(p_plan jsonb) RETURNS TABLE (code text, details jsonb)
LANGUAGE sql STABLE AS $$
  WITH listed AS MATERIALIZED (
    SELECT body, body->>'code' AS code, coalesce(body->>'name', '') AS name
      FROM jsonb_array_elements(p_plan->'bodies') AS given (body)),
  known AS MATERIALIZED (SELECT array_agg(code) AS codes, array_agg(name) AS names FROM listed),
  waves AS MATERIALIZED (
    SELECT ordinality AS place, wave->>'name' AS name, moyai.named_in(wave->>'name', codes, names) AS named
      FROM jsonb_array_elements(p_plan->'waves') WITH ORDINALITY AS given (wave, ordinality), known),
  parameters AS MATERIALIZED (
    SELECT key, value, jsonb_typeof(value) = 'object' AND value <> '{}' AND NOT EXISTS (
          SELECT 1 FROM jsonb_object_keys(CASE jsonb_typeof(value) WHEN 'object' THEN value ELSE '{}' END) AS own
          WHERE own !~ '^[0-9]{6}$') AS by_body,
        moyai.named_in(value::text, codes, names) AS named
      FROM jsonb_each(p_plan->'parameters'), known),
  by_body AS MATERIALIZED (
    SELECT value, moyai.named_in(value::text, codes, names) AS named
      FROM (SELECT DISTINCT own.value FROM parameters p, jsonb_each(p.value) AS own WHERE p.by_body) AS each, known),
  changes AS MATERIALIZED (
    SELECT change, moyai.named_in(change::text, codes, names) AS named
      FROM (SELECT DISTINCT body->'change' AS change FROM listed) AS each, known),
  subject AS (SELECT p_plan->'subject' AS value, moyai.named_in(p_plan->>'subject', codes, names) AS named FROM known)
  SELECT l.code, jsonb_build_object(
      'wave', l.body->'wave', 'window', l.body #> '{calendar,window}', 'freezes', l.body #> '{calendar,freezes}',
      'risks', coalesce(l.body->'risks', '[]'), 'approves_itself', l.body->'approves_itself',
      'change_sha256', l.body->'change_sha256',
      'change', (SELECT change FROM changes c WHERE c.change = l.body->'change' AND named <@ ARRAY[l.code]),
      'waves', (SELECT jsonb_agg(CASE WHEN named <@ ARRAY[l.code] THEN w.name ELSE '' END ORDER BY place)
        FROM waves w),
      'parameters', coalesce((SELECT jsonb_object_agg(key, CASE WHEN p.by_body THEN p.value->l.code ELSE p.value END)
        FROM parameters p WHERE CASE WHEN p.by_body THEN EXISTS (SELECT 1 FROM by_body v
            WHERE v.value = p.value->l.code AND v.named <@ ARRAY[l.code])
          ELSE p.named <@ ARRAY[l.code] END), '{}'))
      || CASE WHEN subject.named <@ ARRAY[l.code] THEN jsonb_build_object('subject', subject.value) ELSE '{}' END
    FROM listed l, subject
$$;
REVOKE ALL ON FUNCTION moyai.named_in(text, text[], text[]), moyai.parts_of_bodies(jsonb) FROM PUBLIC;

-- As before; its records have the planner's signature, the federation's the bodies, and each body's its own part.
CREATE OR REPLACE FUNCTION moyai.plan_operation(p_id text, p_plan text, p_signature text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  plan jsonb := p_plan::jsonb;
  hash text := encode(sha256(convert_to(p_plan, 'UTF8')), 'hex');
  actor text := 'operator:' || (plan->>'planned_by');
  signed jsonb := jsonb_build_object('kind', plan->'kind', 'signature', p_signature);
  head text := moyai.id_head(left(p_id, 8));
  own record;
BEGIN
  PERFORM moyai.require_person(actor);
  IF plan->>'schema' IS DISTINCT FROM 'moyai.operation/1' OR length(p_signature) > 16384 THEN
    PERFORM moyai.refuse('no plan of this version');
  END IF;
  PERFORM moyai.require_numbers(plan);
  -- The day may end while the plan is being signed.
  IF p_id IS NULL OR p_id !~ '^[0-9]{8}-(e[1-9][0-9]{0,4}-)?[1-9][0-9]{0,5}$' OR left(p_id, 8) NOT IN (
      to_char(clock_timestamp() AT TIME ZONE 'Asia/Tokyo', 'YYYYMMDD'),
      to_char((clock_timestamp() - interval '1 hour') AT TIME ZONE 'Asia/Tokyo', 'YYYYMMDD')) THEN
    PERFORM moyai.refuse('no id of today');
  END IF;
  IF NOT starts_with(p_id, head) OR substr(p_id, length(head) + 1) !~ '^[0-9]+$' THEN
    PERFORM moyai.refuse('no id of this epoch');
  END IF;
  PERFORM pg_advisory_xact_lock(7702, 2);
  IF EXISTS (SELECT 1 FROM moyai.operation WHERE id = p_id) THEN
    RETURN false;
  END IF;
  -- One far ahead would leave no number for those that follow it on its day.
  IF substr(p_id, length(head) + 1)::integer > 1 + moyai.last_number(head) THEN
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
  FOR own IN SELECT * FROM moyai.parts_of_bodies(plan) ORDER BY code LOOP
    PERFORM moyai.put_record('body:' || own.code, actor, 'operation.plan', p_id, hash, NULL, NULL, 'done',
      signed || own.details);
  END LOOP;
  PERFORM moyai.put_record('federation', actor, 'operation.plan', p_id, hash, NULL, NULL, 'done',
    signed || jsonb_build_object('subject', plan->'subject',
      'codes', (SELECT coalesce(jsonb_agg(one->'code'), '[]') FROM jsonb_array_elements(plan->'bodies') one)));
  RETURN true;
END $$;

-- What a person signed of what is asked for here, as it stands in the records; without a signature the name is the
-- machine's word, and the record says so.
CREATE FUNCTION moyai.signed_word(p_asked text, p_signature text, p_signed_at timestamptz) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF p_signature IS NULL THEN
    RETURN jsonb_build_object('signature', NULL);
  END IF;
  IF (length(p_signature) <= 16384 AND length(p_asked) <= 200 AND p_signed_at IS NOT NULL) IS NOT TRUE THEN
    PERFORM moyai.refuse('no signature', 'MY004');
  END IF;
  RETURN jsonb_build_object('asked', p_asked, 'signature', p_signature, 'signed_at',
    to_char(p_signed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
END $$;
REVOKE ALL ON FUNCTION moyai.signed_word(text, text, timestamptz) FROM PUBLIC;

-- The three that follow as before, with what the person signed.
DROP FUNCTION moyai.want(text, text, text);
CREATE FUNCTION moyai.want(p_operation text, p_wanted text, p_actor text, p_asked text DEFAULT NULL,
  p_signature text DEFAULT NULL, p_signed_at timestamptz DEFAULT NULL) RETURNS void
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
  PERFORM moyai.put_word(entry, NULL, p_actor, 'operation.' || p_wanted,
    moyai.signed_word(p_asked, p_signature, p_signed_at));
END $$;

DROP FUNCTION moyai.release(text, text[], text);
CREATE FUNCTION moyai.release(p_operation text, p_what text[], p_actor text, p_asked text DEFAULT NULL,
  p_signature text DEFAULT NULL, p_signed_at timestamptz DEFAULT NULL) RETURNS void
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
    jsonb_build_object('what', to_jsonb(p_what)) || moyai.signed_word(p_asked, p_signature, p_signed_at));
END $$;

DROP FUNCTION moyai.retry(text, text[], text);
CREATE FUNCTION moyai.retry(p_operation text, p_codes text[], p_actor text, p_asked text DEFAULT NULL,
  p_signature text DEFAULT NULL, p_signed_at timestamptz DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  entry moyai.operation;
  one text;
  changed integer;
  has_ended boolean;
  signed jsonb := moyai.signed_word(p_asked, p_signature, p_signed_at);
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
    PERFORM moyai.put_record('body:' || one, p_actor, 'operation.retry', p_operation, entry.plan_sha256, NULL, NULL,
      'done', signed);
  END LOOP;
  PERFORM moyai.put_record('federation', p_actor, 'operation.retry', p_operation, entry.plan_sha256, NULL, NULL,
    'done', signed || jsonb_build_object('codes', to_jsonb(p_codes)));
END $$;

REVOKE ALL ON FUNCTION moyai.want(text, text, text, text, text, timestamptz),
  moyai.release(text, text[], text, text, text, timestamptz),
  moyai.retry(text, text[], text, text, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION moyai.want(text, text, text, text, text, timestamptz),
  moyai.release(text, text[], text, text, text, timestamptz),
  moyai.retry(text, text[], text, text, text, timestamptz) TO moyai_operator;
