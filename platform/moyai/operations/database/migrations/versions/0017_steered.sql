-- What was asked for by a signature is asked for by it once, and workers judge who let work go on.

-- What persons asked of operations, where it was signed or lets work go on.
CREATE TABLE moyai.steering (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  operation_id text NOT NULL REFERENCES moyai.operation (id),
  action text NOT NULL,
  actor text NOT NULL,
  asked text,
  signature text,
  -- In whole seconds, as it stands in the line that was signed.
  signed_at timestamptz,
  -- What was let go; the bodies that are begun again.
  what text[],
  codes text[],
  at timestamptz NOT NULL,
  transaction xid8 NOT NULL
);
COMMENT ON COLUMN moyai.steering.action IS
  'run, pause, cancel, stop, release, retry; before: signed before this table was there, and judged by nobody';
CREATE INDEX steering_of ON moyai.steering (operation_id, id);
GRANT SELECT ON moyai.steering TO moyai_operator, moyai_worker;

-- Older ones are refused for their age.
INSERT INTO moyai.steering (operation_id, action, actor, asked, signature, signed_at, at, transaction)
  SELECT o.id, 'before', said->>'actor', said #>> '{details,asked}', said #>> '{details,signature}',
      (said #>> '{details,signed_at}')::timestamptz, a.at, '0'::xid8
    FROM (SELECT at, content::jsonb AS said FROM moyai.audit
      WHERE chain = 'federation' AND at > clock_timestamp() - interval '1 hour'
        AND position('"signed_at":"' IN content) > 0 AND position('"asked":"' IN content) > 0) a
    JOIN moyai.operation o ON o.id = said->>'operation'
    WHERE said #>> '{details,signature}' IS NOT NULL;

-- Keep what a person asked for, and say what its record has of it. The operation's row is locked. By one signature
-- may be asked in one transaction what is one command (waves let go, and the operation goes on), and never again:
-- by its line, as the same signature can be written in more than one way. A stop is never refused for its
-- signature: it counts as not signed then.
CREATE FUNCTION moyai.put_steering(p_entry moyai.operation, p_action text, p_actor text, p_asked text,
  p_signature text, p_signed_at timestamptz, p_what text[], p_codes text[]) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  said jsonb := moyai.signed_word(p_asked, p_signature, p_signed_at);
  moment timestamptz := date_trunc('second', p_signed_at);
  stops boolean := p_action IN ('pause', 'cancel', 'stop');
  -- A proposal that is in the file begins: nothing goes on that somebody has stopped. Until then it is wanted paused.
  begins boolean := p_action = 'run' AND p_entry.kind = 'edit'
    AND NOT EXISTS (SELECT 1 FROM moyai.body WHERE operation_id = p_entry.id AND attempts > 0);
BEGIN
  -- Records may follow for half a minute, and who verifies them allows 15 minutes.
  IF p_signature IS NOT NULL AND (
      moment NOT BETWEEN clock_timestamp() - interval '14 minutes' AND clock_timestamp() + interval '5 minutes'
      OR EXISTS (SELECT 1 FROM moyai.steering WHERE operation_id = p_entry.id
        AND lower(actor COLLATE "C") = lower(p_actor COLLATE "C") AND asked = p_asked AND signed_at = moment
        AND (action = p_action OR transaction <> pg_current_xact_id()))) THEN
    IF NOT stops THEN
      PERFORM moyai.refuse('the signature is old, or was used before', 'MY005', 'signature');
    END IF;
    RETURN jsonb_build_object('signature', NULL);
  END IF;
  IF p_signature IS NOT NULL OR NOT (stops OR begins) THEN
    INSERT INTO moyai.steering (operation_id, action, actor, asked, signature, signed_at, what, codes, at, transaction)
      VALUES (p_entry.id, p_action, p_actor, CASE WHEN p_signature IS NOT NULL THEN p_asked END, p_signature,
        CASE WHEN p_signature IS NOT NULL THEN moment END, p_what, p_codes, clock_timestamp(), pg_current_xact_id());
  END IF;
  IF p_signature IS NULL AND NOT (stops OR begins) AND p_entry.approval_seconds IS DISTINCT FROM 0 THEN
    RETURN said || jsonb_build_object('needs_approval', true);
  END IF;
  RETURN said;
END $$;
REVOKE ALL ON FUNCTION
  moyai.put_steering(moyai.operation, text, text, text, text, timestamptz, text[], text[]) FROM PUBLIC;

-- As before, and each signature once.
CREATE OR REPLACE FUNCTION moyai.want(p_operation text, p_wanted text, p_actor text, p_asked text DEFAULT NULL,
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
    moyai.put_steering(entry, p_wanted, p_actor, p_asked, p_signature, p_signed_at, NULL, NULL));
END $$;

CREATE OR REPLACE FUNCTION moyai.release(p_operation text, p_what text[], p_actor text, p_asked text DEFAULT NULL,
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
    jsonb_build_object('what', to_jsonb(p_what))
      || moyai.put_steering(entry, 'release', p_actor, p_asked, p_signature, p_signed_at, p_what, NULL));
END $$;

CREATE OR REPLACE FUNCTION moyai.retry(p_operation text, p_codes text[], p_actor text, p_asked text DEFAULT NULL,
  p_signature text DEFAULT NULL, p_signed_at timestamptz DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  entry moyai.operation;
  one text;
  changed integer;
  has_ended boolean;
  signed jsonb;
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
  signed := moyai.put_steering(entry, 'retry', p_actor, p_asked, p_signature, p_signed_at, NULL, p_codes);
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
