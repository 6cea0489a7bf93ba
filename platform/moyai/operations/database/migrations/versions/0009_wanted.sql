-- What has to be approved, as a plan says it, in rows: so that no beginning has to read the plan, and a worker
-- alone begins nothing that nobody has approved. Signatures, roles and keys are workers' to judge.

ALTER TABLE moyai.operation ADD COLUMN approval_seconds integer;
COMMENT ON COLUMN moyai.operation.approval_seconds IS
  'of the plan: how long an approval holds; 0: it needs none; NULL: nobody can say, so that nothing begins';

CREATE TABLE moyai.wanted (
  operation_id text NOT NULL REFERENCES moyai.operation,
  subject text NOT NULL,
  wave integer,
  code text,
  PRIMARY KEY (operation_id, subject)
);
COMMENT ON TABLE moyai.wanted IS 'approvals that a plan wants: of all of it, of one of its waves, or of a body';
GRANT SELECT ON moyai.wanted TO moyai_operator, moyai_worker;

CREATE FUNCTION moyai.seconds_of(p_plan jsonb) RETURNS integer
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN p_plan->>'approval_seconds' ~ '^[0-9]{1,9}$'
  THEN (p_plan->>'approval_seconds')::integer END;

-- `planning.fleet.wanted` says the same of a plan that was read.
CREATE FUNCTION moyai.put_wanted(p_operation text, p_plan jsonb) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
  WITH bodies AS (SELECT body FROM jsonb_array_elements(p_plan->'bodies') AS listed (body))
  INSERT INTO moyai.wanted (operation_id, subject, wave, code)
    SELECT p_operation, found.subject, found.wave, found.code FROM (
      SELECT 'plan' AS subject, NULL::integer AS wave, NULL AS code
      UNION ALL SELECT 'exceptions', NULL, NULL
        WHERE coalesce(p_plan #>> '{parameters,exceptions}', '[]') <> '[]'
      UNION ALL SELECT 'wave:' || (wave->>'number'), (wave->>'number')::integer, NULL
        FROM jsonb_array_elements(p_plan->'waves') AS listed (wave) WHERE wave->>'needs_approval' = 'true'
      UNION ALL SELECT 'body:' || (body->>'code'), NULL, body->>'code'
        FROM bodies WHERE body->>'approves_itself' = 'true'
      UNION ALL SELECT risk || ':' || (body->>'code'), NULL, body->>'code'
        FROM bodies, jsonb_array_elements_text(body->'risks') AS listed (risk)) found
    WHERE moyai.seconds_of(p_plan) IS DISTINCT FROM 0
    ON CONFLICT DO NOTHING;
END;

CREATE FUNCTION moyai.note_seconds() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.approval_seconds := moyai.seconds_of(NEW.plan::jsonb);
  RETURN NEW;
END $$;
CREATE TRIGGER operation_says_for_how_long BEFORE INSERT ON moyai.operation
  FOR EACH ROW EXECUTE FUNCTION moyai.note_seconds();

CREATE FUNCTION moyai.note_wanted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM moyai.put_wanted(NEW.id, NEW.plan::jsonb);
  RETURN NULL;
END $$;
CREATE TRIGGER operation_wants AFTER INSERT ON moyai.operation
  FOR EACH ROW EXECUTE FUNCTION moyai.note_wanted();

-- Those that are on record and may still go on.
UPDATE moyai.operation SET approval_seconds = moyai.seconds_of(plan::jsonb)
  WHERE status NOT IN ('cancelled', 'expired');
DO $$
BEGIN
  PERFORM moyai.put_wanted(id, plan::jsonb) FROM moyai.operation WHERE status NOT IN ('cancelled', 'expired');
END $$;

-- Whether an approval is on record that may count: of this plan, by another address than the planner's, not signed
-- ahead of the moment it came in by more than five minutes, not aged out by this clock.
CREATE FUNCTION moyai.is_approved(p_operation text, p_subject text) RETURNS boolean
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT EXISTS (SELECT 1 FROM moyai.approval a JOIN moyai.operation o ON o.id = a.operation_id
    WHERE o.id = p_operation AND a.subject = p_subject AND a.plan_sha256 = o.plan_sha256
      AND lower(a.operator) <> lower(o.planned_by)
      AND a.signed_at <= a.received_at + interval '5 minutes'
      AND clock_timestamp() < least(a.signed_at, a.received_at)
        + make_interval(secs => o.approval_seconds));
END;

-- The first that nobody has approved, of what is wanted of the whole and of these bodies; NULL: all is.
CREATE FUNCTION moyai.lacks(p_operation text, p_codes text[]) RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT min(w.subject) FROM moyai.wanted w WHERE w.operation_id = p_operation
    AND (w.wave IS NULL AND w.code IS NULL OR w.code = ANY (p_codes)
      OR w.wave IN (SELECT b.wave FROM moyai.body b
        WHERE b.operation_id = p_operation AND b.code = ANY (p_codes)))
    AND NOT moyai.is_approved(p_operation, w.subject);
END;

-- As before, and the plan is the one whose hash was approved, planned by whom it says.
CREATE OR REPLACE FUNCTION moyai.may_begin(p_operation text) RETURNS boolean
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT coalesce(o.approval_seconds = 0 OR o.approval_seconds > 0
      AND o.plan_sha256 = encode(sha256(convert_to(o.plan, 'UTF8')), 'hex')
      AND o.planned_by = o.plan::jsonb->>'planned_by'
      AND moyai.lacks(o.id, '{}') IS NULL, false)
    FROM moyai.operation o WHERE o.id = p_operation;
END;

-- As before; and nothing begins that lacks an approval by now.
CREATE OR REPLACE FUNCTION moyai.begin_bodies(p_entry moyai.operation, p_codes text[]) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  begun jsonb;
  one record;
  unapproved text;
BEGIN
  IF p_entry.status <> 'running' OR p_entry.wanted <> 'run' THEN
    PERFORM moyai.refuse('it does not run', 'MY005', p_entry.status);
  END IF;
  unapproved := moyai.lacks(p_entry.id, p_codes);
  IF unapproved IS NOT NULL OR p_entry.approval_seconds IS NULL THEN
    PERFORM moyai.refuse('nobody has approved ' || coalesce(unapproved, 'it'), 'MY005', p_entry.status);
  END IF;
  WITH changed AS (
    UPDATE moyai.body b SET status = 'running', attempts = attempts + 1, claim = moyai.next_claim(claim),
        step = NULL, worker = NULL, error = NULL, error_signature = NULL, waits = NULL, result = NULL,
        began_at = clock_timestamp(), ended_at = NULL,
        carrier = concat_ws(':', operation_id, code, attempts + 1, '0')
      WHERE operation_id = p_entry.id AND code = ANY (p_codes) AND status = 'waiting'
        AND wave IN (SELECT number FROM moyai.wave
          WHERE operation_id = p_entry.id AND status = 'running')
        AND NOT EXISTS (SELECT 1 FROM moyai.body o WHERE o.code = b.code AND o.status = 'running')
      RETURNING code, attempts, carrier)
  SELECT coalesce(jsonb_agg(jsonb_build_array(code, attempts, carrier)), '[]') INTO begun FROM changed;
  IF (SELECT count(*) FROM moyai.body WHERE operation_id = p_entry.id AND status = 'running')
      > (SELECT coalesce(min(max_concurrent), 0) FROM moyai.wave WHERE operation_id = p_entry.id
        AND number IN (SELECT wave FROM moyai.body
          WHERE operation_id = p_entry.id AND code = ANY (p_codes))) THEN
    PERFORM moyai.refuse('more at once than its plan lets');
  END IF;
  FOR one IN SELECT entry->>0 AS code, (entry->>1)::integer AS attempt
      FROM jsonb_array_elements(begun) entry ORDER BY 1 LOOP
    PERFORM moyai.put_record('body:' || one.code, 'moyai', 'operation.begin', p_entry.id,
      p_entry.plan_sha256, NULL, one.attempt, 'begun', '{}');
  END LOOP;
  RETURN begun;
END $$;

-- As before; `exceptions`, where the plan has some, is a subject too: of all its bodies.
CREATE OR REPLACE FUNCTION moyai.approve(p_operation text, p_subject text, p_operator text, p_plan_sha256 text,
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
      OR p_subject = 'exceptions' AND NOT EXISTS (SELECT 1 FROM moyai.wanted
        WHERE operation_id = p_operation AND subject = p_subject)
      OR p_subject NOT IN ('plan', 'exceptions') AND code IS NULL AND NOT EXISTS (SELECT 1 FROM moyai.wave
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
