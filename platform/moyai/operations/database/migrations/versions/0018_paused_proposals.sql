-- A proposal that somebody has paused goes on by a signature alone, and what was written before its record was is told.

COMMENT ON COLUMN moyai.steering.action IS
  'run, pause, cancel, stop, release, retry; before: asked before this table was there or had it, and judged by nobody. A pause of an edit is there though nobody signed it';

-- Pauses of proposals that may still go on.
WITH standing AS (
  SELECT id, planned_at FROM moyai.operation
    WHERE kind = 'edit' AND status IN ('planned', 'running', 'paused', 'held'))
INSERT INTO moyai.steering (operation_id, action, actor, asked, at, transaction)
  SELECT o.id, 'before', said->>'actor', 'pause', a.at, '0'::xid8
    FROM (SELECT at, content::jsonb AS said FROM moyai.audit
      WHERE chain = 'federation' AND at >= (SELECT min(planned_at) FROM standing)
        AND position('"action":"operation.pause"' IN content) > 0) a
    JOIN standing o ON o.id = said->>'operation'
    ORDER BY a.at;

-- As before; a proposal begins without a signature only where nobody has paused it, whose word stays.
CREATE OR REPLACE FUNCTION moyai.put_steering(p_entry moyai.operation, p_action text, p_actor text, p_asked text,
  p_signature text, p_signed_at timestamptz, p_what text[], p_codes text[]) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  said jsonb := moyai.signed_word(p_asked, p_signature, p_signed_at);
  moment timestamptz := date_trunc('second', p_signed_at);
  stops boolean := p_action IN ('pause', 'cancel', 'stop');
  is_kept boolean := p_action = 'pause' AND p_entry.kind = 'edit';
  -- That it is wanted paused until it is in the file is nobody's word.
  begins boolean := p_action = 'run' AND p_entry.kind = 'edit'
    AND NOT EXISTS (SELECT 1 FROM moyai.body WHERE operation_id = p_entry.id AND attempts > 0)
    AND NOT EXISTS (SELECT 1 FROM moyai.steering WHERE operation_id = p_entry.id
      AND (action = 'pause' OR action = 'before' AND asked = 'pause'));
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
    p_signature := NULL;
    said := jsonb_build_object('signature', NULL);
  END IF;
  IF p_signature IS NOT NULL OR is_kept OR NOT (stops OR begins) THEN
    INSERT INTO moyai.steering (operation_id, action, actor, asked, signature, signed_at, what, codes, at, transaction)
      VALUES (p_entry.id, p_action, p_actor, CASE WHEN p_signature IS NOT NULL THEN p_asked END, p_signature,
        CASE WHEN p_signature IS NOT NULL THEN moment END, p_what, p_codes, clock_timestamp(), pg_current_xact_id());
  END IF;
  IF p_signature IS NULL AND NOT (stops OR begins) AND p_entry.approval_seconds IS DISTINCT FROM 0 THEN
    RETURN said || jsonb_build_object('needs_approval', true);
  END IF;
  RETURN said;
END $$;

-- As before; a file that nobody has told of is the newest from now on though another command has written it, which
-- was killed before it could say so.
CREATE OR REPLACE FUNCTION moyai.put_in_file(p_operation text, p_written boolean, p_actor text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  entry moyai.operation := moyai.alive(p_operation);
  after text := entry.plan::jsonb #>> '{parameters,after_sha256}';
BEGIN
  PERFORM moyai.require_person(p_actor);
  IF entry.kind <> 'edit' OR entry.wanted IN ('cancel', 'stop') OR NOT moyai.may_begin(p_operation) THEN
    PERFORM moyai.refuse('no edit that may be put there', 'MY005', entry.status);
  END IF;
  IF after ~ '^[0-9a-f]{64}$' AND (p_written OR NOT EXISTS (
      SELECT 1 FROM moyai.planned_file WHERE site = entry.site AND sha256 = after)) THEN
    PERFORM moyai.put_file(entry.site, after, NULL, true, p_actor);
  END IF;
  PERFORM moyai.put_word(entry, NULL, p_actor, 'operation.apply', jsonb_build_object('written', p_written,
    'after_sha256', entry.plan::jsonb #> '{parameters,after_sha256}'));
END $$;
