-- Workers among themselves. Who has a worker's lease, an advisory lock of its own session, speaks for it:
-- the worker, or who takes over what it had.

CREATE FUNCTION moyai.holds_lease(p_lease integer) RETURNS boolean
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid = 7701 AND objid::bigint = p_lease AND objsubid = 2 AND granted);
END;

CREATE FUNCTION moyai.register_worker(p_id text, p_lease integer, p_host text,
  p_supervisor_pid integer, p_pid integer, p_version text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF p_id IS NULL OR p_id !~ '^[!-~]{1,64}$' OR p_lease < 0 THEN
    PERFORM moyai.refuse('no worker is called that', 'MY004');
  END IF;
  INSERT INTO moyai.worker (id, lease, host, supervisor_pid, pid, version)
    VALUES (p_id, p_lease, p_host, p_supervisor_pid, p_pid, p_version);
END $$;

-- A sign of life, with the room that it has. Nothing where another has this session's lease.
CREATE FUNCTION moyai.touch_worker(p_id text, p_room integer) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  UPDATE moyai.worker SET seen_at = clock_timestamp(), free_since = NULL, room = p_room
    WHERE id = p_id AND taken_at IS NULL AND moyai.holds_lease(lease);
END;

-- Its lease was found free, and what it started is not known to be dead yet.
CREATE FUNCTION moyai.found_free(p_id text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  UPDATE moyai.worker SET free_since = coalesce(free_since, clock_timestamp())
    WHERE id = p_id AND moyai.holds_lease(lease);
END;

-- It may do nothing any more; then, what it had is others'. By whom its lease was found free.
CREATE FUNCTION moyai.take_over(p_id text) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  UPDATE moyai.worker SET taken_at = clock_timestamp()
    WHERE id = p_id AND recovered_at IS NULL AND moyai.holds_lease(lease) RETURNING true;
END;

CREATE FUNCTION moyai.recovered(p_id text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  UPDATE moyai.worker SET recovered_at = clock_timestamp()
    WHERE id = p_id AND taken_at IS NOT NULL AND moyai.holds_lease(lease);
END;

-- All of its processes were seen dead, by its supervisor. Others believe it only where the lease is free.
CREATE FUNCTION moyai.worker_ended(p_id text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  UPDATE moyai.worker SET ended_at = clock_timestamp() WHERE id = p_id AND ended_at IS NULL;
END;

-- The most that a body took of memory of late: of a day at least.
CREATE FUNCTION moyai.measured(p_kind text, p_code text, p_bytes bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  INSERT INTO moyai.measure AS m (kind, code, bytes) VALUES (p_kind, p_code, p_bytes)
    ON CONFLICT (kind, code) DO UPDATE SET at = excluded.at, bytes = CASE
      WHEN m.at < excluded.at - interval '1 day' THEN excluded.bytes
      ELSE greatest(m.bytes, excluded.bytes) END;
END;

-- Whether the caller does now what one worker does from time to time; nobody else then does for so long.
CREATE FUNCTION moyai.my_turn(p_name text, p_seconds double precision) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  UPDATE moyai.turn SET next_at = clock_timestamp() + make_interval(secs => p_seconds)
    WHERE name = p_name AND p_seconds BETWEEN 0 AND 31 * 86400 AND (next_at <= clock_timestamp()
      OR next_at > clock_timestamp() + make_interval(secs => p_seconds))
    RETURNING true;
END;

CREATE FUNCTION moyai.soon(p_name text, p_seconds double precision) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  UPDATE moyai.turn SET next_at = least(next_at, clock_timestamp() + make_interval(secs => p_seconds))
    WHERE name = p_name;
END;

-- A head was put into the locked bucket. Only one that a chain has on record, under the key that it has there;
-- whether the object is there the bucket alone says.
CREATE FUNCTION moyai.anchored(p_chain text, p_seq bigint, p_sha256 text, p_at timestamptz,
  p_bucket text, p_version text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM moyai.audit
      WHERE chain = p_chain AND seq = p_seq AND sha256 = p_sha256) THEN
    PERFORM moyai.refuse('no head of ' || coalesce(p_chain, ''), 'MY004');
  END IF;
  INSERT INTO moyai.anchor (chain, seq, sha256, at, bucket, key, version)
    VALUES (p_chain, p_seq, p_sha256, least(p_at, clock_timestamp()), p_bucket,
      format('audit/anchors/%s/%s-%s.json', p_chain, lpad(p_seq::text, 12, '0'), p_sha256), p_version)
    ON CONFLICT DO NOTHING;
END $$;
