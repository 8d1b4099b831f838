-- What the products' imports left behind: complete to yesterday, the same days on both sides.
CREATE ROLE evidence LOGIN;
GRANT pg_monitor TO evidence;
CREATE DATABASE momo_analytics;
\connect momo_analytics
CREATE TABLE public.daily_sales_snapshot (snapshot_date date NOT NULL, amount integer NOT NULL);
CREATE TABLE public.realtime_sales_monthly ("日期" date NOT NULL, amount integer NOT NULL);
INSERT INTO public.daily_sales_snapshot
  SELECT day, n FROM generate_series(date_trunc('month', now())::date - 60, now()::date - 1, '1 day') AS day, generate_series(1, 20) AS n;
INSERT INTO public.realtime_sales_monthly SELECT snapshot_date, amount FROM public.daily_sales_snapshot;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO evidence;
CREATE TABLE public.import_jobs (
  id integer PRIMARY KEY, import_type text, status text, completed_at timestamptz,
  total_rows integer, success_rows integer, error_rows integer, sync_success boolean
);
INSERT INTO public.import_jobs VALUES (57, 'daily_sales', 'completed', now() - interval '5 hours', 20, 20, 0, true);
GRANT SELECT ON public.import_jobs TO evidence;
