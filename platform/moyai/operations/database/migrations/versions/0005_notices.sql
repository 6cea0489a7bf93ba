-- What happened and who is told of it, as workers write it.

-- What a conductor's decision means to people; what becomes of bodies their own trigger tells.
CREATE FUNCTION moyai.tell(p_operation text, p_happenings jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO moyai.happening (key, event, operation_id, code, facts)
    SELECT concat_ws(':', event, p_operation, about), event, p_operation, code, facts
    FROM jsonb_to_recordset(p_happenings) AS given (event text, about text, code text, facts jsonb)
    WHERE event NOT IN ('debt', 'body_held') AND about IS NOT NULL
    ON CONFLICT (key) DO NOTHING;
END $$;

-- The oldest happening that nobody was told of, with those of its operation and event, locked to the
-- transaction's end.
CREATE FUNCTION moyai.open_happenings(p_strange text[]) RETURNS SETOF moyai.happening
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT * FROM moyai.happening
    WHERE addressed_at IS NULL AND (operation_id, event) = (
      SELECT operation_id, event FROM moyai.happening WHERE addressed_at IS NULL
      AND operation_id <> ALL (p_strange) ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
    ORDER BY id LIMIT 500 FOR UPDATE SKIP LOCKED;
END $$;

-- The notices of happenings that are open, all of one operation and event, and that they are written.
CREATE FUNCTION moyai.address(p_ids bigint[], p_notices jsonb, p_trouble text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE one moyai.happening;
BEGIN
  SELECT * INTO one FROM moyai.happening WHERE id = ANY (p_ids) AND addressed_at IS NULL
    ORDER BY id LIMIT 1;
  IF one.id IS NULL OR EXISTS (SELECT 1 FROM moyai.happening WHERE id = ANY (p_ids)
      AND (operation_id, event) <> (one.operation_id, one.event)) THEN
    PERFORM moyai.refuse('nothing that somebody is told of', 'MY004');
  END IF;
  INSERT INTO moyai.notice (key, event, operation_id, code, audience, channel, address_sha256,
      content)
    SELECT key, one.event, one.operation_id, code, audience, channel, address_sha256, content
    FROM jsonb_to_recordset(p_notices) AS given (key text, code text, audience text, channel text,
      address_sha256 text, content jsonb)
    WHERE starts_with(key, one.event || ':' || one.operation_id || ':')
    ON CONFLICT (key) DO NOTHING;
  UPDATE moyai.happening SET addressed_at = clock_timestamp(), trouble = p_trouble
    WHERE id = ANY (p_ids) AND addressed_at IS NULL;
END $$;

-- One notice whose time has come: this caller's for so many seconds.
CREATE FUNCTION moyai.take_notice(p_seconds integer, p_away text[]) RETURNS SETOF moyai.notice
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY UPDATE moyai.notice SET attempts = attempts + 1,
      next_try_at = clock_timestamp() + make_interval(secs => p_seconds)
    WHERE id = (SELECT id FROM moyai.notice WHERE sent_at IS NULL AND given_up_at IS NULL
      AND next_try_at <= clock_timestamp() AND channel <> ALL (p_away)
      ORDER BY next_try_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING *;
END $$;

CREATE FUNCTION moyai.notice_sent(p_id bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  UPDATE moyai.notice SET sent_at = clock_timestamp(), last_error = NULL
    WHERE id = p_id AND sent_at IS NULL AND attempts > 0;
END;

CREATE FUNCTION moyai.notice_unsent(p_id bigint, p_attempts integer, p_error jsonb,
  p_seconds integer, p_final boolean)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  UPDATE moyai.notice SET last_error = p_error,
      next_try_at = clock_timestamp() + make_interval(secs => p_seconds),
      given_up_at = CASE WHEN p_final THEN clock_timestamp() END
    WHERE id = p_id AND attempts = p_attempts AND sent_at IS NULL;
END;
