-- What conductors may decide: written only where it follows from what stands on record, and where the
-- operation is still the one that was read.

-- Whether so much of an approval is on record as the database can know; workers judge signatures.
CREATE FUNCTION moyai.may_begin(p_operation text) RETURNS boolean
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT coalesce((o.plan::jsonb->>'approval_seconds')::bigint, 1) <= 0 OR EXISTS (
      SELECT 1 FROM moyai.approval a WHERE a.operation_id = o.id AND a.subject = 'plan'
        AND a.plan_sha256 = o.plan_sha256)
    FROM moyai.operation o WHERE o.id = p_operation;
END;

-- Why an operation may not become that now, or NULL.
CREATE FUNCTION moyai.hindrance(p_entry moyai.operation, p_status text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  going boolean;
  failures boolean;
BEGIN
  IF p_status = 'planned' THEN
    RETURN CASE WHEN p_entry.status <> 'planned' THEN 'it was begun' END;
  ELSIF p_status IN ('running', 'paused', 'held') THEN
    RETURN CASE
      WHEN p_status = 'paused' AND p_entry.wanted <> 'pause' THEN 'nobody wants a pause'
      WHEN p_entry.status = 'planned' AND p_entry.wanted NOT IN ('cancel', 'stop')
        AND NOT moyai.may_begin(p_entry.id) THEN 'nobody has approved it' END;
  END IF;
  SELECT coalesce(bool_or(status IN ('waiting', 'running')), false),
      coalesce(bool_or(status IN ('failed', 'held')), false)
    INTO going, failures FROM moyai.body WHERE operation_id = p_entry.id;
  RETURN CASE
    WHEN going THEN 'some of its bodies wait or run'
    WHEN p_status = 'done' AND failures THEN 'not all went well'
    WHEN p_status = 'failed' AND NOT failures THEN 'nothing failed'
    WHEN p_status IN ('done', 'failed') AND p_entry.status = 'planned'
      AND NOT moyai.may_begin(p_entry.id) THEN 'nobody has approved it'
    WHEN p_status = 'cancelled' AND p_entry.wanted NOT IN ('cancel', 'stop')
      THEN 'nobody wants it cancelled'
    WHEN p_status = 'expired' AND (p_entry.status <> 'planned' OR clock_timestamp() <
      p_entry.planned_at + make_interval(secs => (p_entry.plan::jsonb->>'approval_seconds')::bigint))
      THEN 'its time is not over' END;
END $$;

-- Waves as they stand from now on; what is to be told of those that changed. When their bodies were last found
-- well is for who looked to say.
CREATE FUNCTION moyai.change_waves(p_entry moyai.operation, p_waves jsonb) RETURNS jsonb[]
LANGUAGE plpgsql AS $$
DECLARE
  told jsonb[] := '{}';
  given record;
  before text;
  going boolean;
  failures boolean;
BEGIN
  FOR given IN SELECT * FROM jsonb_to_recordset(p_waves) AS listed (number integer, status text,
      began_at timestamptz, soak_until timestamptz, reason jsonb) LOOP
    SELECT status INTO before FROM moyai.wave
      WHERE operation_id = p_entry.id AND number = given.number FOR NO KEY UPDATE;
    IF before IS DISTINCT FROM given.status THEN
      SELECT coalesce(bool_or(status IN ('waiting', 'running')), false),
          coalesce(bool_or(status IN ('failed', 'held')), false)
        INTO going, failures FROM moyai.body
        WHERE operation_id = p_entry.id AND wave = given.number;
      IF before IS NULL OR given.status NOT IN ('running', 'soaking', 'held', 'done')
          OR given.status IN ('soaking', 'done') AND going
          OR given.status = 'held' AND NOT failures
          OR given.status = 'running' AND before = 'waiting' AND p_entry.status <> 'running' THEN
        PERFORM moyai.refuse(format('wave %s does not become %s', given.number, given.status));
      END IF;
      told := told || jsonb_build_object('wave', given.number, 'status', given.status,
        'reason', coalesce(given.reason, 'null'));
    END IF;
    UPDATE moyai.wave SET status = given.status, began_at = given.began_at,
        soak_until = given.soak_until, reason = given.reason
      WHERE operation_id = p_entry.id AND number = given.number;
  END LOOP;
  RETURN told;
END $$;

-- Bodies that wait will never begin: cancelled, each with a record in its chain. One that an attempt left half-way
-- is held, in sight; none that was never begun is.
CREATE FUNCTION moyai.cancel_bodies(p_entry moyai.operation, p_cancelled jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  given record;
  changed moyai.body;
BEGIN
  FOR given IN SELECT * FROM jsonb_to_recordset(p_cancelled)
      AS listed (code text, status text, reason jsonb) ORDER BY code LOOP
    UPDATE moyai.body b SET waits = NULL, ended_at = clock_timestamp(),
        status = CASE WHEN given.status = 'held' AND b.attempts > 0 THEN 'held' ELSE 'cancelled' END,
        error = jsonb_build_object('what', given.reason)
      WHERE b.operation_id = p_entry.id AND b.code = given.code AND b.status = 'waiting'
      RETURNING * INTO changed;
    IF FOUND THEN
      PERFORM moyai.put_record('body:' || given.code, 'moyai', p_entry.kind || '.body', p_entry.id,
        p_entry.plan_sha256, NULL, nullif(changed.attempts, 0), changed.status, changed.error);
    END IF;
  END LOOP;
END $$;

-- Bodies begin: in waves that run, no more than their plan lets at once, one operation a body. Each has another
-- claim from now on, which no carrying of an earlier attempt knows.
CREATE FUNCTION moyai.begin_bodies(p_entry moyai.operation, p_codes text[]) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  begun jsonb;
  one record;
BEGIN
  IF p_entry.status <> 'running' OR p_entry.wanted <> 'run' THEN
    PERFORM moyai.refuse('it does not run', 'MY005', p_entry.status);
  END IF;
  WITH changed AS (
    UPDATE moyai.body b SET status = 'running', attempts = attempts + 1, claim = claim + 1,
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

-- One decision. p_version: the row that was decided on, its xmin. NULL: somebody has changed it since (a retry
-- must not be lost), nothing is written. A text: why it does not follow from what is on record; nothing is written,
-- and other operations of the same transaction are not held up. Else what was begun: code, attempt, carrier.
CREATE FUNCTION moyai.conduct(p_operation text, p_version text, p_status text, p_reason jsonb,
  p_cancelled jsonb, p_waves jsonb, p_begin text[])
RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  entry moyai.operation;
  why text;
  begun jsonb := '[]';
  of_status jsonb;
  of_waves jsonb[];
  details jsonb;
BEGIN
  SELECT * INTO entry FROM moyai.operation WHERE id = p_operation AND xmin::text = p_version
    AND status IN ('planned', 'running', 'paused', 'held') FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  IF jsonb_array_length(p_cancelled) > 0 THEN
    IF entry.wanted NOT IN ('cancel', 'stop') AND p_status IS DISTINCT FROM 'expired' THEN
      PERFORM moyai.refuse('nobody wants its bodies cancelled');
    END IF;
    PERFORM moyai.cancel_bodies(entry, p_cancelled);
  END IF;
  IF p_status IS NOT NULL THEN
    why := moyai.hindrance(entry, p_status);
    IF why IS NOT NULL THEN
      PERFORM moyai.refuse(format('%s does not become %s: %s', p_operation, p_status, why), 'MY005',
        entry.status);
    END IF;
    UPDATE moyai.operation SET status = p_status, reason = p_reason,
        began_at = CASE WHEN p_status = 'running' THEN coalesce(began_at, clock_timestamp())
          ELSE began_at END,
        ended_at = CASE WHEN p_status IN ('done', 'failed', 'cancelled', 'expired')
          THEN clock_timestamp() END
      WHERE id = p_operation;
    IF p_status <> entry.status THEN
      of_status := jsonb_build_object('status', p_status, 'reason', coalesce(p_reason, 'null'));
    END IF;
    entry.status := p_status;
  END IF;
  of_waves := moyai.change_waves(entry, p_waves);
  IF cardinality(p_begin) > 0 THEN
    begun := moyai.begin_bodies(entry, p_begin);
  END IF;
  -- The federation's chain is locked last.
  IF of_status IS NOT NULL THEN
    PERFORM moyai.put_record('federation', 'moyai', 'operation.status', p_operation, entry.plan_sha256,
      NULL, NULL, 'done', of_status);
  END IF;
  FOREACH details IN ARRAY of_waves LOOP
    PERFORM moyai.put_record('federation', 'moyai', 'operation.wave', p_operation, entry.plan_sha256,
      NULL, NULL, 'done', details);
  END LOOP;
  RETURN begun;
EXCEPTION WHEN SQLSTATE 'MY005' OR unique_violation THEN
  RETURN to_jsonb(SQLERRM);
END $$;

-- Why bodies wait, where that is not on record yet.
CREATE FUNCTION moyai.tell_waits(p_operation text, p_codes text[], p_waits jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  UPDATE moyai.body SET waits = p_waits
    WHERE operation_id = p_operation AND code = ANY (p_codes) AND status = 'waiting'
      AND waits IS DISTINCT FROM p_waits;
END;

-- A running body whose ticket carries it no further gets another: its carrier, or NULL where it is not that
-- any more. One that is not of the form that moyai.begin_bodies gives is counted from the beginning.
CREATE FUNCTION moyai.next_ticket(p_operation text, p_code text, p_carrier text) RETURNS text
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  UPDATE moyai.body b SET carrier = concat_ws(':', operation_id, code, attempts,
      CASE WHEN starts_with(carrier, concat_ws(':', operation_id, code, attempts, ''))
          AND carrier ~ ':[0-9]{1,9}$'
        THEN substring(carrier FROM '[0-9]+$')::bigint + 1 ELSE 0 END)
    WHERE operation_id = p_operation AND code = p_code AND status = 'running'
      AND carrier IS NOT DISTINCT FROM p_carrier
      AND EXISTS (SELECT 1 FROM moyai.operation o WHERE o.id = p_operation
        AND o.status IN ('running', 'paused', 'held'))
    RETURNING carrier;
END;

-- The look after a soak: all of the wave's bodies were found well.
CREATE FUNCTION moyai.pass_gate(p_operation text, p_number integer) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  UPDATE moyai.wave SET healthy_at = clock_timestamp()
    WHERE operation_id = p_operation AND number = p_number AND status = 'soaking'
      AND soak_until <= clock_timestamp();
END;

-- Or some were not (code, error, signature): they are held. Nothing where the wave does not soak any more.
CREATE FUNCTION moyai.hold_at_gate(p_operation text, p_unwell jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  entire moyai.operation;
  one record;
  held jsonb[];
  details jsonb;
BEGIN
  SELECT * INTO entire FROM moyai.operation WHERE id = p_operation;
  FOR one IN SELECT * FROM jsonb_to_recordset(p_unwell)
      AS given (code text, error jsonb, signature text) ORDER BY code LOOP
    UPDATE moyai.body b SET status = 'held', error = one.error, error_signature = one.signature,
        ended_at = clock_timestamp()
      FROM moyai.wave w
      WHERE b.operation_id = p_operation AND b.code = one.code AND b.status = 'done'
        AND w.operation_id = b.operation_id AND w.number = b.wave AND w.status = 'soaking'
        AND w.soak_until <= clock_timestamp() AND one.error IS NOT NULL;
    IF FOUND THEN
      details := jsonb_build_object('code', one.code, 'error', one.error);
      held := held || details;
      -- What was wanted of it is not done after all.
      INSERT INTO moyai.debt (code, kind, subject, operation_id, reason)
        VALUES (one.code, entire.kind, entire.subject, p_operation,
          coalesce(one.error->'what', jsonb_build_object('ja', '', 'en', '')))
        ON CONFLICT (code, kind, subject) WHERE closed_at IS NULL
        DO UPDATE SET reason = excluded.reason, operation_id = excluded.operation_id;
      PERFORM moyai.put_record('body:' || one.code, 'moyai', 'operation.gate', p_operation,
        entire.plan_sha256, NULL, NULL, 'done', details);
    END IF;
  END LOOP;
  -- The federation's chain is locked last.
  FOREACH details IN ARRAY coalesce(held, '{}') LOOP
    PERFORM moyai.put_record('federation', 'moyai', 'operation.gate', p_operation, entire.plan_sha256,
      NULL, NULL, 'done', details);
  END LOOP;
END $$;
