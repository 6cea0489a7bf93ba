-- Operations, their bodies and steps, approvals, debts, workers, audit chains.
-- Everything belongs to moyai_owner, who cannot log in. What changes a body's entry goes through
-- functions: each asks for the caller's claim, and writes entry, step and audit record in one
-- transaction and one round trip.

CREATE TABLE moyai.operation (
  id text PRIMARY KEY,
  kind text NOT NULL,
  subject text NOT NULL,
  site text NOT NULL,
  plan text NOT NULL,
  plan_sha256 text NOT NULL,
  planned_by text NOT NULL,
  planner_signature text,
  status text NOT NULL DEFAULT 'planned' CHECK (status IN
    ('planned', 'running', 'paused', 'held', 'done', 'failed', 'cancelled', 'expired')),
  reason jsonb,
  wanted text NOT NULL DEFAULT 'run' CHECK (wanted IN ('run', 'pause', 'cancel', 'stop')),
  released jsonb NOT NULL DEFAULT '{}',
  planned_at timestamptz NOT NULL DEFAULT now(),
  began_at timestamptz,
  ended_at timestamptz
);
COMMENT ON COLUMN moyai.operation.plan IS 'canonical JSON: the bytes that are hashed and approved';
COMMENT ON COLUMN moyai.operation.plan_sha256 IS 'to look plans up by; who decides by it reckons it anew';
COMMENT ON COLUMN moyai.operation.released IS
  'what persons let go on that was held, and when: wave:NUMBER, operation';
COMMENT ON COLUMN moyai.operation.wanted IS
  'what persons want: pause and cancel let running bodies end, stop takes them back after the step';
CREATE INDEX operation_by_time ON moyai.operation (planned_at DESC, id DESC);
CREATE INDEX operation_alive ON moyai.operation (id)
  WHERE status IN ('planned', 'running', 'paused', 'held');

CREATE TABLE moyai.wave (
  operation_id text NOT NULL REFERENCES moyai.operation,
  number integer NOT NULL,
  name text NOT NULL,
  status text NOT NULL DEFAULT 'waiting' CHECK (status IN
    ('waiting', 'running', 'soaking', 'held', 'done')),
  reason jsonb,
  began_at timestamptz,
  soak_until timestamptz,
  healthy_at timestamptz,
  PRIMARY KEY (operation_id, number)
);

CREATE TABLE moyai.body (
  operation_id text NOT NULL REFERENCES moyai.operation,
  code text NOT NULL,
  name text NOT NULL,
  wave integer NOT NULL,
  position integer NOT NULL,
  status text NOT NULL DEFAULT 'waiting' CHECK (status IN
    ('waiting', 'running', 'done', 'failed', 'held', 'skipped', 'moved', 'cancelled')),
  step text,
  attempts integer NOT NULL DEFAULT 0,
  claim bigint NOT NULL DEFAULT 0,
  worker text,
  carrier text,
  began_at timestamptz,
  ended_at timestamptz,
  error jsonb,
  error_signature text,
  waits jsonb,
  result jsonb,
  changed xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (operation_id, code)
) WITH (fillfactor = 60);  -- an entry is written at each step: beside itself, in no index
COMMENT ON COLUMN moyai.body.changed IS
  'which transaction changed its status last: the conductor reads what changed since its last look';
CREATE INDEX body_by_change ON moyai.body (operation_id, changed);
CREATE FUNCTION moyai.note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.changed := pg_current_xact_id();
  RETURN NEW;
END $$;
CREATE TRIGGER body_has_changed BEFORE UPDATE OF status, attempts ON moyai.body
  FOR EACH ROW EXECUTE FUNCTION moyai.note_change();
COMMENT ON COLUMN moyai.body.claim IS 'the fence: who writes for this carrying has to know it';
COMMENT ON COLUMN moyai.body.carrier IS 'the workflow that carries it';
COMMENT ON COLUMN moyai.body.waits IS 'why it does not begin yet, for people';
CREATE UNIQUE INDEX body_one_operation_at_a_time ON moyai.body (code) WHERE status = 'running';
CREATE INDEX body_by_code ON moyai.body (code);

CREATE TABLE moyai.step (
  operation_id text NOT NULL,
  code text NOT NULL,
  attempt integer NOT NULL,
  step text NOT NULL,
  ordinal integer NOT NULL,
  status text NOT NULL CHECK (status IN ('intended', 'done', 'failed')),
  key text NOT NULL,
  claim bigint NOT NULL,
  intended_at timestamptz NOT NULL DEFAULT now(),
  done_at timestamptz,
  looked boolean NOT NULL DEFAULT false,
  result jsonb,
  PRIMARY KEY (operation_id, code, attempt, step),
  FOREIGN KEY (operation_id, code) REFERENCES moyai.body
);
COMMENT ON TABLE moyai.step IS 'the effect ledger: intended before an effect, done after it';
COMMENT ON COLUMN moyai.step.looked IS 'found to be done already, by a later claim';

CREATE TABLE moyai.approval (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  operation_id text NOT NULL REFERENCES moyai.operation,
  subject text NOT NULL,
  operator text NOT NULL,
  plan_sha256 text NOT NULL,
  signature text NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX approval_by_operation ON moyai.approval (operation_id);

CREATE TABLE moyai.debt (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL,
  kind text NOT NULL,
  subject text NOT NULL,
  operation_id text NOT NULL REFERENCES moyai.operation,
  reason jsonb NOT NULL,
  opened_at timestamptz NOT NULL DEFAULT now(),
  closed_at timestamptz,
  closed_by text REFERENCES moyai.operation
);
CREATE UNIQUE INDEX debt_once ON moyai.debt (code, kind, subject) WHERE closed_at IS NULL;

CREATE TABLE moyai.worker (
  id text PRIMARY KEY,
  lease integer NOT NULL,
  host text NOT NULL,
  supervisor_pid integer NOT NULL,
  pid integer NOT NULL,
  version text NOT NULL,
  room integer NOT NULL DEFAULT 0,
  started_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now(),
  free_since timestamptz,
  ended_at timestamptz,
  taken_at timestamptz,
  recovered_at timestamptz
);
COMMENT ON COLUMN moyai.worker.room IS 
  'bodies that may be begun for it, those that it has among them, by its memory';
COMMENT ON COLUMN moyai.worker.free_since IS 'since when another worker found its lease free';
COMMENT ON COLUMN moyai.worker.taken_at IS 'from when it may do nothing any more';
COMMENT ON COLUMN moyai.worker.recovered_at IS 'when its bodies were given to others';
COMMENT ON COLUMN moyai.worker.ended_at IS 'when all of its processes were seen dead';
CREATE INDEX worker_alive ON moyai.worker (id) WHERE recovered_at IS NULL;

CREATE TABLE moyai.audit_head (
  chain text PRIMARY KEY,
  seq bigint NOT NULL,
  sha256 text NOT NULL
);
CREATE TABLE moyai.audit (
  chain text NOT NULL,
  seq bigint NOT NULL,
  at timestamptz NOT NULL,
  content text NOT NULL,
  sha256 text NOT NULL,
  PRIMARY KEY (chain, seq)
);
ALTER TABLE moyai.audit ENABLE ROW LEVEL SECURITY;
ALTER TABLE moyai.audit FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_append ON moyai.audit FOR INSERT WITH CHECK (true);
-- A body's own login (moyai_body_271004) reads its own chain only.
CREATE POLICY audit_read ON moyai.audit FOR SELECT USING (
  pg_has_role(current_user, 'moyai_auditor', 'MEMBER')
  OR pg_has_role(current_user, 'moyai_operator', 'MEMBER')
  OR pg_has_role(current_user, 'moyai_worker', 'MEMBER')
  OR chain = 'body:' || substring(current_user FROM '^moyai_body_([0-9]{6})$'));

CREATE FUNCTION moyai.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'records of the audit are never changed' USING ERRCODE = 'MY002';
END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON moyai.audit
  FOR EACH STATEMENT EXECUTE FUNCTION moyai.refuse_change();

-- A record comes in four pieces of its canonical JSON, between which moment, hash of the one before
-- and number are put; its hash is over the whole (moyai.audit.records says the same).
CREATE FUNCTION moyai.record(p_chain text, p_pieces jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, moyai AS $$
DECLARE
  head moyai.audit_head;
  moment timestamptz := clock_timestamp();
  content text;
  document jsonb;
  hash text;
BEGIN
  INSERT INTO moyai.audit_head VALUES (p_chain, 0, encode(sha256(convert_to(
    '{"chain":"' || p_chain || '","schema":"moyai.audit/1","seq":0}', 'UTF8')), 'hex'))
    ON CONFLICT DO NOTHING;
  SELECT * INTO head FROM moyai.audit_head WHERE chain = p_chain FOR UPDATE;
  content := concat(
    p_pieces->>0, to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
    p_pieces->>1, head.sha256, p_pieces->>2, head.seq + 1, p_pieces->>3);
  document := content::jsonb;
  IF document->>'chain' IS DISTINCT FROM p_chain
      OR document->>'previous_sha256' IS DISTINCT FROM head.sha256
      OR document->>'seq' IS DISTINCT FROM (head.seq + 1)::text THEN
    RAISE EXCEPTION 'no record of %', p_chain USING ERRCODE = 'MY004';
  END IF;
  hash := encode(sha256(convert_to(content, 'UTF8')), 'hex');
  INSERT INTO moyai.audit VALUES (p_chain, head.seq + 1, moment, content, hash);
  UPDATE moyai.audit_head SET seq = head.seq + 1, sha256 = hash WHERE chain = p_chain;
END $$;

CREATE FUNCTION moyai.fence(p_operation text, p_code text, p_claim bigint) RETURNS moyai.body
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, moyai AS $$
DECLARE entry moyai.body;
BEGIN
  SELECT * INTO entry FROM moyai.body
    WHERE operation_id = p_operation AND code = p_code AND claim = p_claim AND status = 'running'
    FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION '% % has another claim', p_operation, p_code USING ERRCODE = 'MY001';
  END IF;
  RETURN entry;
END $$;

-- A worker takes a body that was begun: the claim it has from now on, and what is on record of the
-- attempt and of those before it. NULL: the attempt is over, or was never begun.
CREATE FUNCTION moyai.take(p_operation text, p_code text, p_attempt integer, p_worker text)
RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, moyai AS $$
DECLARE
  entry moyai.body;
  known jsonb;
  earlier jsonb;
BEGIN
  UPDATE moyai.body SET claim = claim + 1, worker = p_worker
    WHERE operation_id = p_operation AND code = p_code AND attempts = p_attempt
      AND status = 'running'
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
  p_next text, p_ordinal integer, p_key text, p_records jsonb)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, moyai AS $$
DECLARE
  entry moyai.body;
  pieces jsonb;
BEGIN
  entry := moyai.fence(p_operation, p_code, p_claim);
  -- Asked again after a lost answer: all of it is there.
  IF EXISTS (SELECT 1 FROM moyai.step
      WHERE operation_id = p_operation AND code = p_code AND attempt = entry.attempts
        AND claim = p_claim
        AND ((p_next IS NOT NULL AND step = p_next)
          OR (p_next IS NULL AND step = p_ended AND status <> 'intended'))) THEN
    RETURN (SELECT wanted FROM moyai.operation WHERE id = p_operation);
  END IF;
  IF p_ended IS NOT NULL THEN
    UPDATE moyai.step SET done_at = clock_timestamp(), looked = p_looked, claim = p_claim,
        status = CASE WHEN p_error IS NULL THEN 'done' ELSE 'failed' END,
        result = coalesce(p_error, p_result)
      WHERE operation_id = p_operation AND code = p_code AND attempt = entry.attempts
        AND step = p_ended AND status = 'intended';
    IF NOT FOUND THEN
      RAISE EXCEPTION 'step % of % was not intended', p_ended, p_code USING ERRCODE = 'MY003';
    END IF;
  END IF;
  IF p_error IS NOT NULL THEN
    UPDATE moyai.body SET error = p_error, error_signature = p_signature
      WHERE operation_id = p_operation AND code = p_code;
  END IF;
  IF p_next IS NOT NULL THEN
    INSERT INTO moyai.step (operation_id, code, attempt, step, ordinal, status, key, claim,
        intended_at)
      VALUES (p_operation, p_code, entry.attempts, p_next, p_ordinal, 'intended', p_key, p_claim,
        clock_timestamp());
    UPDATE moyai.body SET step = p_next WHERE operation_id = p_operation AND code = p_code;
  END IF;
  FOR pieces IN SELECT jsonb_array_elements(p_records) LOOP
    PERFORM moyai.record('body:' || p_code, pieces);
  END LOOP;
  RETURN (SELECT wanted FROM moyai.operation WHERE id = p_operation);
END $$;

-- The carrying has ended, and with it the last step, where its end (p_ended) is not on record yet.
CREATE FUNCTION moyai.finish(
  p_operation text, p_code text, p_claim bigint,
  p_ended text, p_looked boolean, p_ended_result jsonb, p_records jsonb,
  p_status text, p_error jsonb, p_signature text, p_result jsonb, p_record jsonb, p_debt jsonb)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, moyai AS $$
DECLARE
  entry moyai.body;
  of_operation moyai.operation;
BEGIN
  IF EXISTS (SELECT 1 FROM moyai.body WHERE operation_id = p_operation AND code = p_code
      AND claim = p_claim AND status = p_status) THEN
    RETURN;  -- asked again after a lost answer
  END IF;
  IF p_ended IS NULL THEN
    entry := moyai.fence(p_operation, p_code, p_claim);
  ELSE
    PERFORM moyai.go_on(p_operation, p_code, p_claim, p_ended, p_looked, p_ended_result, NULL, NULL,
      NULL, NULL, NULL, p_records);
  END IF;
  SELECT * INTO of_operation FROM moyai.operation WHERE id = p_operation;
  UPDATE moyai.body SET status = p_status, error = p_error, error_signature = p_signature,
      result = p_result, ended_at = clock_timestamp()
    WHERE operation_id = p_operation AND code = p_code;
  IF p_status = 'done' THEN
    UPDATE moyai.debt SET closed_at = clock_timestamp(), closed_by = p_operation
      WHERE code = p_code AND kind = of_operation.kind AND subject = of_operation.subject
        AND closed_at IS NULL;
  ELSIF p_debt IS NOT NULL THEN
    INSERT INTO moyai.debt (code, kind, subject, operation_id, reason)
      VALUES (p_code, of_operation.kind, of_operation.subject, p_operation, p_debt)
      ON CONFLICT (code, kind, subject) WHERE closed_at IS NULL
      DO UPDATE SET reason = excluded.reason, operation_id = excluded.operation_id;
  END IF;
  PERFORM moyai.record('body:' || p_code, p_record);
END $$;

GRANT USAGE ON SCHEMA moyai TO moyai_worker, moyai_operator, moyai_auditor;
GRANT SELECT ON ALL TABLES IN SCHEMA moyai TO moyai_worker, moyai_operator;
GRANT SELECT ON moyai.audit, moyai.audit_head TO moyai_auditor;
GRANT USAGE ON SCHEMA moyai TO moyai_body;
GRANT SELECT ON moyai.audit TO moyai_body;
GRANT INSERT ON moyai.operation, moyai.wave, moyai.body, moyai.approval TO moyai_operator;
GRANT UPDATE (status, reason, wanted, released) ON moyai.operation TO moyai_operator;
GRANT UPDATE (status, reason) ON moyai.wave TO moyai_operator;
GRANT UPDATE (status, error, error_signature, waits) ON moyai.body TO moyai_operator;
GRANT UPDATE (status, reason, began_at, ended_at) ON moyai.operation TO moyai_worker;
GRANT UPDATE (status, reason, began_at, soak_until, healthy_at) ON moyai.wave TO moyai_worker;
GRANT UPDATE (status, step, attempts, worker, carrier, began_at, ended_at, error, error_signature, waits)
  ON moyai.body TO moyai_worker;
GRANT INSERT, UPDATE ON moyai.worker TO moyai_worker;
GRANT INSERT ON moyai.debt TO moyai_worker;
GRANT UPDATE (closed_at) ON moyai.debt TO moyai_operator;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA moyai FROM PUBLIC;
GRANT EXECUTE ON FUNCTION moyai.record(text, jsonb) TO moyai_worker, moyai_operator;
GRANT EXECUTE ON FUNCTION moyai.take(text, text, integer, text) TO moyai_worker;
GRANT EXECUTE ON FUNCTION moyai.go_on(text, text, bigint, text, boolean, jsonb, jsonb, text, text,
  integer, text, jsonb) TO moyai_worker;
GRANT EXECUTE ON FUNCTION moyai.finish(text, text, bigint, text, boolean, jsonb, jsonb, text, jsonb,
  text, jsonb, jsonb, jsonb)
  TO moyai_worker;
