-- meter: applications
SELECT count(*) FROM application WHERE submitted_at >= %(first)s AND submitted_at < %(next)s
