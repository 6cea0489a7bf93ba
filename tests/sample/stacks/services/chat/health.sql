-- check: write-row
INSERT INTO health_probe (probe) VALUES (%(probe)s)
-- check: read-row
-- expect: probe
SELECT probe FROM health_probe WHERE probe = %(probe)s
-- check: delete-row
-- 中断した検査が残した行も、ここで片付ける。
DELETE FROM health_probe WHERE probe = %(probe)s OR written_at < now() - interval '1 hour'
-- check: messages
SELECT m.id FROM message m JOIN channel c ON c.id = m.channel_id JOIN member s ON s.id = m.member_id
 ORDER BY m.posted_at DESC LIMIT 1
