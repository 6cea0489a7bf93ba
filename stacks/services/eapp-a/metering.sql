-- meter: applications
SELECT count(*) FROM application WHERE submitted_at >= %(first)s AND submitted_at < %(next)s
-- meter: accounts
-- 期間のうち一日でも連携していた法人認証
SELECT count(*) FROM corporate_authentication
 WHERE linked_at < %(next)s AND (revoked_at IS NULL OR revoked_at >= %(first)s)
