-- SPDX-License-Identifier: Apache-2.0
-- name: schema_version
SELECT 1;
