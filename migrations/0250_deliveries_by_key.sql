-- The plan for storing deliveries is made once for each connection, and perhaps while the tables are empty. Then a look at all rows of an
-- organization costs as little as a look-up by key, and would be kept when there are thousands. So the other ways are closed too.
ALTER FUNCTION store_webhook_deliveries SET enable_bitmapscan = off SET enable_material = off SET plan_cache_mode = force_generic_plan;
