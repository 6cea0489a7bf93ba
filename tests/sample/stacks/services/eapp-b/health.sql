-- check: write-row
INSERT INTO health_probe (probe) VALUES (%(probe)s)
-- check: read-row
-- expect: probe
SELECT probe FROM health_probe WHERE probe = %(probe)s
-- check: delete-row
-- 中断した検査が残した行も、ここで片付ける。
DELETE FROM health_probe WHERE probe = %(probe)s OR written_at < now() - interval '1 hour'
-- check: applicant-kinds
-- expect: rows
SELECT code FROM applicant_kind LIMIT 1
-- check: applications
SELECT a.id FROM application a JOIN procedure p ON p.id = a.procedure_id
 WHERE a.status = 'submitted' ORDER BY a.submitted_at LIMIT 1
