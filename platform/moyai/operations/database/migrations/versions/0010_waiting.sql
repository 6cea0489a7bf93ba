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

-- Of a body that did not get what was wanted of it: once for each kind and subject.
CREATE FUNCTION moyai.owe(p_entry moyai.operation, p_code text, p_reason jsonb) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
  INSERT INTO moyai.debt (code, kind, subject, operation_id, reason)
    VALUES (p_code, p_entry.kind, p_entry.subject, p_entry.id,
      coalesce(p_reason, jsonb_build_object('ja', '', 'en', '')))
    ON CONFLICT (code, kind, subject) WHERE closed_at IS NULL
    DO UPDATE SET reason = excluded.reason, operation_id = excluded.operation_id;
END;

-- As before (`error`: the whole of what people read, or NULL); one that is held is owed what was wanted of it, as
-- any other that is held.
CREATE OR REPLACE FUNCTION moyai.cancel_bodies(p_entry moyai.operation, p_cancelled jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  given record;
  changed moyai.body;
BEGIN
  FOR given IN SELECT * FROM jsonb_to_recordset(p_cancelled)
      AS listed (code text, status text, reason jsonb, error jsonb) ORDER BY code LOOP
    UPDATE moyai.body b SET waits = NULL, ended_at = clock_timestamp(),
        status = CASE WHEN given.status = 'held' AND b.attempts > 0 THEN 'held' ELSE 'cancelled' END,
        error = coalesce(given.error, jsonb_build_object('what', given.reason))
      WHERE b.operation_id = p_entry.id AND b.code = given.code AND b.status = 'waiting'
      RETURNING * INTO changed;
    IF FOUND THEN
      IF changed.status = 'held' THEN
        PERFORM moyai.owe(p_entry, given.code, changed.error->'what');
      END IF;
      PERFORM moyai.put_record('body:' || given.code, 'moyai', p_entry.kind || '.body', p_entry.id,
        p_entry.plan_sha256, NULL, nullif(changed.attempts, 0), changed.status, changed.error);
    END IF;
  END LOOP;
END $$;

-- A body in hand that no worker carries on, of an operation that is being cancelled and whose plan no conductor here
-- can read: it is held, in sight, or cancelled where nothing of it was left begun. p_carrier: the ticket that carries
-- it no further. Whoever had the body has another claim from now on. False: it is not in hand, or by another ticket.
CREATE FUNCTION moyai.abandon(p_operation text, p_code text, p_carrier text, p_status text, p_error jsonb)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  entry moyai.operation;
  changed moyai.body;
BEGIN
  SELECT * INTO entry FROM moyai.operation WHERE id = p_operation FOR NO KEY UPDATE;
  IF entry.wanted NOT IN ('cancel', 'stop') THEN
    PERFORM moyai.refuse('nobody wants its bodies cancelled', 'MY005', entry.status);
  END IF;
  IF p_error->'what' IS NULL OR p_status IS NULL OR p_status NOT IN ('held', 'cancelled')
      OR p_status = 'cancelled' AND EXISTS (SELECT 1 FROM moyai.step s
        WHERE s.operation_id = p_operation AND s.code = p_code AND s.ordinal > 1
          AND NOT starts_with(s.step, '-') AND NOT EXISTS (SELECT 1 FROM moyai.step b
            WHERE b.operation_id = p_operation AND b.code = p_code AND b.step = '-' || s.step
              AND b.status = 'done' AND b.attempt >= s.attempt)) THEN
    PERFORM moyai.refuse('its steps say otherwise', 'MY005', coalesce(p_status, ''));
  END IF;
  UPDATE moyai.body SET status = p_status, error = p_error, error_signature = NULL,
      claim = moyai.next_claim(claim), ended_at = clock_timestamp()
    WHERE operation_id = p_operation AND code = p_code AND status = 'running'
      AND carrier IS NOT DISTINCT FROM p_carrier
    RETURNING * INTO changed;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF p_status = 'held' THEN
    PERFORM moyai.owe(entry, p_code, p_error->'what');
  END IF;
  PERFORM moyai.put_record('body:' || p_code, 'moyai', entry.kind || '.body', p_operation,
    entry.plan_sha256, NULL, changed.attempts, p_status, p_error);
  RETURN true;
END $$;

GRANT EXECUTE ON FUNCTION moyai.abandon(text, text, text, text, jsonb) TO moyai_worker;

-- Operators are told of what stands still for a cause that no body is to blame for.
ALTER TABLE moyai.happening DROP CONSTRAINT happening_event_check;
ALTER TABLE moyai.happening ADD CONSTRAINT happening_event_check CHECK (event IN
  ('approval_wanted', 'wave_held', 'window_missed', 'done', 'debt', 'body_held', 'stalled'));

-- As `moyai.open_happenings`, of one event alone: what can be told while others wait for tenants.yaml.
CREATE FUNCTION moyai.open_happenings_of(p_event text, p_strange text[]) RETURNS SETOF moyai.happening
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT * FROM moyai.happening
    WHERE addressed_at IS NULL AND event = p_event AND operation_id = (
      SELECT operation_id FROM moyai.happening WHERE addressed_at IS NULL AND event = p_event
      AND operation_id <> ALL (p_strange) ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
    ORDER BY id LIMIT 500 FOR UPDATE SKIP LOCKED;
END $$;

GRANT EXECUTE ON FUNCTION moyai.open_happenings_of(text, text[]) TO moyai_worker;
