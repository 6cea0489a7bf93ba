-- A database that is brought back from an older copy does not know what was done since. Each time is an epoch of
-- its own, and whatever has to be unique outside is unique with it: ids of operations, claims (and with them fences
-- and tokens of tasks), keys of steps.

CREATE TABLE moyai.epoch (
  number integer PRIMARY KEY CHECK (number BETWEEN 1 AND 99999),
  began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  declared_by text NOT NULL,
  copied_at timestamptz,
  database uuid NOT NULL DEFAULT gen_random_uuid()
);
COMMENT ON TABLE moyai.epoch IS 'each begins with a person''s word that this database was restored';
COMMENT ON COLUMN moyai.epoch.copied_at IS 'the newest moment that the copy has on record';
COMMENT ON COLUMN moyai.epoch.database IS 'the same in all copies of one database';
INSERT INTO moyai.epoch (number, declared_by) VALUES (1, 'moyai');
CREATE TRIGGER epoch_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON moyai.epoch
  FOR EACH STATEMENT EXECUTE FUNCTION moyai.refuse_change();

CREATE TABLE moyai.behind (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  found_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  what jsonb NOT NULL
);
COMMENT ON TABLE moyai.behind IS
  'a row while this database is known to be older than what was done, and nobody has declared it';

CREATE TABLE moyai.lost_anchor (
  chain text NOT NULL,
  seq bigint NOT NULL,
  sha256 text NOT NULL,
  epoch integer NOT NULL REFERENCES moyai.epoch,
  PRIMARY KEY (chain, seq, sha256)
);
COMMENT ON TABLE moyai.lost_anchor IS
  'anchors whose records are lost, by declarations: what proves it is the declaration in the chain';
CREATE TRIGGER lost_anchor_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON moyai.lost_anchor
  FOR EACH STATEMENT EXECUTE FUNCTION moyai.refuse_change();

CREATE FUNCTION moyai.current_epoch() RETURNS integer
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT max(number) FROM moyai.epoch;
END;

-- Above every claim of the epochs before, also of those that this copy does not know. Twelve digits are an epoch's:
-- they fit into the fences that bodies' databases have.
CREATE FUNCTION moyai.next_claim(p_claim bigint) RETURNS bigint
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT greatest(p_claim, (moyai.current_epoch() - 1) * 1000000000000) + 1;
END;

-- What the ids of a day (YYYYMMDD) begin with: 20261126-, in later epochs 20261126-e2-.
CREATE FUNCTION moyai.id_head(p_day text) RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT p_day || '-' || CASE WHEN moyai.current_epoch() > 1
    THEN 'e' || moyai.current_epoch() || '-' ELSE '' END;
END;

CREATE FUNCTION moyai.last_number(p_head text) RETURNS integer
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT coalesce(max(substr(id, length(p_head) + 1)::integer), 0) FROM moyai.operation
    WHERE starts_with(id, p_head) AND substr(id, length(p_head) + 1) ~ '^[0-9]{1,6}$';
END;

-- The id that the next operation gets: of today in Asia/Tokyo. Another may take it before it is written.
CREATE FUNCTION moyai.next_id() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT head || moyai.last_number(head) + 1 FROM moyai.id_head(
    to_char(clock_timestamp() AT TIME ZONE 'Asia/Tokyo', 'YYYYMMDD')) AS found (head);
END;

-- Nothing new begins in a copy whose past nobody has declared.
CREATE FUNCTION moyai.refuse_behind() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM moyai.behind) THEN
    PERFORM moyai.refuse('this database is older than what was done', 'MY005', 'behind');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER nothing_behind BEFORE INSERT ON moyai.operation
  FOR EACH ROW EXECUTE FUNCTION moyai.refuse_behind();
CREATE TRIGGER nothing_behind BEFORE INSERT ON moyai.approval
  FOR EACH ROW EXECUTE FUNCTION moyai.refuse_behind();
CREATE TRIGGER nothing_behind BEFORE UPDATE OF status ON moyai.body
  FOR EACH ROW WHEN (NEW.status = 'running' AND OLD.status <> 'running'
    OR NEW.status = 'waiting' AND OLD.status NOT IN ('waiting', 'running'))
  EXECUTE FUNCTION moyai.refuse_behind();

-- A worker found that this database is older than what it knows. True: it is the first to say so.
CREATE FUNCTION moyai.found_behind(p_what jsonb) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (jsonb_typeof(p_what) = 'object' AND length(p_what::text) <= 65536) IS NOT TRUE THEN
    PERFORM moyai.refuse('nothing that could be found', 'MY004');
  END IF;
  INSERT INTO moyai.behind (what) VALUES (p_what) ON CONFLICT DO NOTHING;
  RETURN FOUND;
END $$;

-- A person says: this database was restored from an older copy. A new epoch begins; what ran, or may have been
-- begun since, is held for a person; each chain that is behind its anchors says from where to where records are
-- lost. p_lost: chain, and its anchors that no record matches (seq, sha256); p_error: why bodies are held.
CREATE FUNCTION moyai.restored(p_epoch integer, p_actor text, p_lost jsonb, p_error jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  copied timestamptz;
  held jsonb[] := '{}';
  one record;
  head moyai.audit_head;
  details jsonb;
  behind integer := 0;
BEGIN
  PERFORM moyai.require_person(p_actor);
  -- Persons and conductors lock an operation's row first: none of them is half-way then, and none begins.
  LOCK TABLE moyai.operation IN EXCLUSIVE MODE;
  IF (p_epoch > moyai.current_epoch()) IS NOT TRUE THEN
    PERFORM moyai.refuse('that epoch has been', 'MY005', 'epoch');
  END IF;
  IF jsonb_typeof(p_lost) IS DISTINCT FROM 'array' OR p_error->'what' IS NULL OR EXISTS (
      SELECT 1 FROM jsonb_to_recordset(p_lost) AS given (chain text, anchors jsonb)
        WHERE (chain ~ '^(federation|body:[0-9]{6})$' AND jsonb_array_length(anchors) > 0) IS NOT TRUE)
    OR EXISTS (SELECT 1 FROM jsonb_to_recordset(p_lost) AS given (chain text, anchors jsonb),
        jsonb_to_recordset(anchors) AS anchor (seq bigint, sha256 text)
        WHERE (seq > 0 AND sha256 ~ '^[0-9a-f]{64}$') IS NOT TRUE
          OR EXISTS (SELECT 1 FROM moyai.audit a
            WHERE a.chain = given.chain AND a.seq = anchor.seq AND a.sha256 = anchor.sha256)) THEN
    PERFORM moyai.refuse('nothing of the kind is lost', 'MY004');
  END IF;
  SELECT greatest(max(s.intended_at), max(s.done_at), (SELECT max(greatest(o.planned_at, o.began_at,
      o.ended_at)) FROM moyai.operation o)) INTO copied FROM moyai.step s;
  INSERT INTO moyai.epoch (number, declared_by, copied_at, database)
    SELECT p_epoch, p_actor, copied, database FROM moyai.epoch ORDER BY number LIMIT 1;
  INSERT INTO moyai.lost_anchor (chain, seq, sha256, epoch)
    SELECT chain, seq, sha256, p_epoch FROM jsonb_to_recordset(p_lost) AS given (chain text, anchors jsonb),
      jsonb_to_recordset(anchors) AS listed (seq bigint, sha256 text)
    ON CONFLICT DO NOTHING;
  DELETE FROM moyai.behind;
  -- What is being cancelled begins nothing; a plan that nobody has approved waits for a person anyway.
  FOR one IN
    WITH was AS (SELECT b.operation_id, b.code, b.status, o.kind, o.subject, o.plan_sha256
      FROM moyai.body b JOIN moyai.operation o ON o.id = b.operation_id
      WHERE (b.status = 'running' OR b.status = 'waiting' AND o.wanted NOT IN ('cancel', 'stop'))
        AND (o.status IN ('running', 'paused', 'held') OR o.status = 'planned' AND moyai.may_begin(o.id)))
    UPDATE moyai.body b SET status = 'held', error = p_error, error_signature = NULL, waits = NULL,
        ended_at = clock_timestamp(), claim = moyai.next_claim(b.claim)
      FROM was WHERE b.operation_id = was.operation_id AND b.code = was.code AND b.status = was.status
      RETURNING b.operation_id, b.code, b.name, b.attempts, b.step, was.status AS before, was.kind, was.subject,
        was.plan_sha256
  LOOP
    held := held || jsonb_build_object('operation', one.operation_id, 'code', one.code, 'name', one.name,
      'attempt', one.attempts, 'step', one.step, 'before', one.before, 'kind', one.kind,
      'plan_sha256', one.plan_sha256);
    INSERT INTO moyai.debt (code, kind, subject, operation_id, reason)
      VALUES (one.code, one.kind, one.subject, one.operation_id, p_error->'what')
      ON CONFLICT (code, kind, subject) WHERE closed_at IS NULL
      DO UPDATE SET reason = excluded.reason, operation_id = excluded.operation_id;
  END LOOP;
  -- Chains by name: bodies', each with its holds, and the federation's last.
  FOR one IN
    SELECT chain, coalesce(jsonb_agg(anchor ORDER BY (anchor->>'seq')::bigint, anchor->>'sha256')
          FILTER (WHERE anchor IS NOT NULL), '[]') AS anchors,
        coalesce(array_agg(entry ORDER BY entry->>'operation') FILTER (WHERE entry IS NOT NULL), '{}') AS entries
      FROM (
      SELECT chain, jsonb_build_object('seq', seq, 'sha256', sha256) AS anchor, NULL::jsonb AS entry
        FROM jsonb_to_recordset(p_lost) AS given (chain text, anchors jsonb),
          jsonb_to_recordset(anchors) AS listed (seq bigint, sha256 text)
      UNION ALL SELECT 'body:' || (entry->>'code'), NULL, entry FROM unnest(held) entry
      UNION ALL SELECT 'federation', NULL, NULL) each
    GROUP BY chain ORDER BY chain = 'federation', chain COLLATE "C"
  LOOP
    IF one.anchors <> '[]' OR one.chain = 'federation' THEN
      behind := behind + (one.anchors <> '[]')::integer;
      SELECT * INTO head FROM moyai.audit_head WHERE chain = one.chain FOR UPDATE;
      details := jsonb_build_object('epoch', p_epoch, 'copied_at', coalesce(to_char(copied
          AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'), ''), 'after', jsonb_build_object(
          'seq', coalesce(head.seq, 0), 'sha256', coalesce(head.sha256, '')), 'lost', one.anchors);
      IF one.chain = 'federation' THEN
        details := details || jsonb_build_object('held', cardinality(held), 'chains', behind);
      END IF;
      PERFORM moyai.put_record(one.chain, p_actor, 'operation.restored', NULL, NULL, NULL, NULL, 'done',
        details);
    END IF;
    FOREACH details IN ARRAY one.entries LOOP
      PERFORM moyai.put_record(one.chain, p_actor, (details->>'kind') || '.body', details->>'operation',
        details->>'plan_sha256', NULL, nullif((details->>'attempt')::integer, 0), 'held', p_error);
    END LOOP;
  END LOOP;
  RETURN jsonb_build_object('epoch', p_epoch, 'copied_at', copied, 'held', to_jsonb(held));
END $$;

-- As before; an id has the epoch in it from the second on.
CREATE OR REPLACE FUNCTION moyai.plan_operation(p_id text, p_plan text, p_signature text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  plan jsonb := p_plan::jsonb;
  hash text := encode(sha256(convert_to(p_plan, 'UTF8')), 'hex');
  actor text := 'operator:' || (plan->>'planned_by');
  details jsonb := jsonb_build_object('kind', plan->'kind', 'subject', plan->'subject');
  head text := moyai.id_head(left(p_id, 8));
  entry moyai.operation;
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
  SELECT p_id, hash INTO entry.id, entry.plan_sha256;
  PERFORM moyai.put_word(entry, NULL, actor, 'operation.plan', details);
  RETURN true;
END $$;

-- As before; a claim is above those of all epochs before, and a copy whose past nobody has declared is not carried on.
CREATE OR REPLACE FUNCTION moyai.take(p_operation text, p_code text, p_attempt integer, p_worker text)
RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  entry moyai.body;
  known jsonb;
  earlier jsonb;
BEGIN
  UPDATE moyai.body SET claim = moyai.next_claim(claim), worker = p_worker
    WHERE operation_id = p_operation AND code = p_code AND attempts = p_attempt
      AND status = 'running' AND EXISTS (SELECT 1 FROM moyai.worker
        WHERE id = p_worker AND taken_at IS NULL AND ended_at IS NULL)
      AND NOT EXISTS (SELECT 1 FROM moyai.behind)
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
    'epoch', moyai.current_epoch(),
    'wanted', (SELECT wanted FROM moyai.operation WHERE id = p_operation));
END $$;

CREATE OR REPLACE FUNCTION moyai.begin_bodies(p_entry moyai.operation, p_codes text[]) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  begun jsonb;
  one record;
BEGIN
  IF p_entry.status <> 'running' OR p_entry.wanted <> 'run' THEN
    PERFORM moyai.refuse('it does not run', 'MY005', p_entry.status);
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

REVOKE ALL ON moyai.epoch, moyai.behind, moyai.lost_anchor FROM PUBLIC;
GRANT SELECT ON moyai.epoch, moyai.behind, moyai.lost_anchor TO moyai_operator, moyai_worker, moyai_auditor;
REVOKE ALL ON FUNCTION moyai.current_epoch(), moyai.next_claim(bigint), moyai.id_head(text),
  moyai.last_number(text), moyai.next_id(), moyai.refuse_behind(), moyai.found_behind(jsonb),
  moyai.restored(integer, text, jsonb, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION moyai.next_id(), moyai.restored(integer, text, jsonb, jsonb) TO moyai_operator;
GRANT EXECUTE ON FUNCTION moyai.found_behind(jsonb) TO moyai_worker;
