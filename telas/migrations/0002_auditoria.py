"""The audit: its table, which only grows, and the function that the triggers of telas.auditoria call.

The triggers themselves belong to what each app registers, so `telas.auditoria.sincronizar` makes them after every
`migrate`: a model that is registered later needs no migration here.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import telas.models

# What an entry says of the rows, one by one, up to so many; of more it says only how many, and in which columns.
DETALHADAS = 50

FUNCOES = f"""
CREATE FUNCTION telas_auditoria_nome(linha jsonb, colunas jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(left(string_agg(linha ->> coluna, ' ' ORDER BY posicao), 200), '')
    FROM jsonb_array_elements_text(colunas) WITH ORDINALITY AS c (coluna, posicao)
$$;

-- A secret is never kept: of it, only whether there was one.
CREATE FUNCTION telas_auditoria_visivel(linha jsonb, segredos jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_object_agg(c.key, CASE
        WHEN segredos ? c.key THEN to_jsonb(coalesce(linha ->> c.key, '') <> '') ELSE c.value END), '{{}}')
    FROM jsonb_each(linha) AS c
$$;

CREATE FUNCTION telas_auditar() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    regra jsonb := TG_ARGV[0]::jsonb;  -- telas.auditoria.Auditado.regra
    modelo text := regra ->> 'modelo';
    chave text := regra ->> 'chave';
    colunas text[];
    autor text[] := string_to_array(nullif(current_setting('avisa.autor', true), ''), '|');
    quem text;
    mudaram text;  -- SQL: whether a row of the join changed in what is audited
    quantas bigint;
    contagens bigint[];
    linhas jsonb;
    objetos text[];
    nome text := '';
BEGIN
    SELECT array_agg(attname::text ORDER BY attnum) INTO colunas FROM pg_attribute
    WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
        AND NOT regra -> 'fora' ? attname::text;
    IF TG_OP = 'UPDATE' THEN
        SELECT string_agg(format('a.%1$I IS DISTINCT FROM d.%1$I', coluna), ' OR ') INTO mudaram
        FROM unnest(colunas) AS coluna;
        EXECUTE format(
            'SELECT count(*), ARRAY[%s] FROM antes a FULL JOIN depois d USING (%I) WHERE %s',
            (SELECT string_agg(
                format('count(*) FILTER (WHERE a.%1$I IS DISTINCT FROM d.%1$I)', coluna), ', ' ORDER BY posicao)
             FROM unnest(colunas) WITH ORDINALITY AS c (coluna, posicao)),
            chave, mudaram
        ) INTO quantas, contagens;
    ELSIF TG_OP = 'INSERT' THEN
        SELECT count(*) INTO quantas FROM depois;
    ELSE
        SELECT count(*) INTO quantas FROM antes;
    END IF;
    IF quantas = 0 THEN
        RETURN NULL;
    END IF;
    IF quantas <= {DETALHADAS} THEN
        EXECUTE format(
            CASE TG_OP
                WHEN 'UPDATE' THEN 'SELECT jsonb_agg(jsonb_build_array(to_jsonb(a), to_jsonb(d)) ORDER BY %1$I)'
                    ' FROM antes a FULL JOIN depois d USING (%1$I) WHERE %2$s'
                WHEN 'INSERT' THEN 'SELECT jsonb_agg(jsonb_build_array(NULL, to_jsonb(d)) ORDER BY d.%1$I) FROM depois d'
                ELSE 'SELECT jsonb_agg(jsonb_build_array(to_jsonb(a), NULL) ORDER BY a.%1$I) FROM antes a'
            END, chave, mudaram
        ) INTO linhas;
        SELECT array_agg(DISTINCT objeto) INTO objetos FROM (
            SELECT modelo || ':' || (lado.linha ->> chave) AS objeto
            FROM jsonb_array_elements(linhas) AS par, jsonb_array_elements(par) AS lado (linha)
            UNION ALL
            SELECT (dono.value #>> '{{}}') || ':' || (lado.linha ->> dono.key)
            FROM jsonb_array_elements(linhas) AS par, jsonb_array_elements(par) AS lado (linha),
                jsonb_each(regra -> 'donos') AS dono
        ) AS citados WHERE objeto IS NOT NULL;
        nome := telas_auditoria_nome(
            CASE WHEN TG_OP = 'DELETE' THEN linhas -> 0 -> 0 ELSE linhas -> 0 -> 1 END, regra -> 'nome');
        SELECT jsonb_build_object('linhas', jsonb_agg(jsonb_build_object(
            'id', coalesce(par -> 1 ->> chave, par -> 0 ->> chave),
            'nome', telas_auditoria_nome(CASE WHEN TG_OP = 'DELETE' THEN par -> 0 ELSE par -> 1 END, regra -> 'nome'),
            'antes', telas_auditoria_visivel(do_par.antes, regra -> 'segredos'),
            'depois', telas_auditoria_visivel(do_par.depois, regra -> 'segredos')))) INTO linhas
        FROM jsonb_array_elements(linhas) AS par, LATERAL (
            SELECT jsonb_object_agg(coluna, coalesce(par -> 0 -> coluna, 'null')) FILTER (WHERE TG_OP <> 'INSERT')
                    AS antes,
                jsonb_object_agg(coluna, coalesce(par -> 1 -> coluna, 'null')) FILTER (WHERE TG_OP <> 'DELETE')
                    AS depois
            FROM unnest(colunas) AS coluna
            WHERE TG_OP <> 'UPDATE' OR (par -> 0 -> coluna) IS DISTINCT FROM (par -> 1 -> coluna)
        ) AS do_par;
    ELSE
        SELECT jsonb_build_object('colunas', coalesce(jsonb_object_agg(coluna, n) FILTER (WHERE n > 0), '{{}}'))
        INTO linhas FROM unnest(colunas, contagens) AS c (coluna, n);
    END IF;
    IF autor[1] <> '' THEN
        SELECT username INTO quem FROM auth_user WHERE id = autor[1]::int;
    END IF;
    INSERT INTO telas_entradaauditoria
        (momento, transacao, usuario_id, quem, via, modelo, acao, quantas, objetos, nome, detalhes, mensagem)
    VALUES (
        clock_timestamp(), pg_current_xact_id()::text::bigint, nullif(autor[1], '')::int,
        coalesce(quem, nullif(autor[2], ''), 'sistema'), coalesce(autor[3], ''), modelo,
        CASE TG_OP WHEN 'INSERT' THEN 1 WHEN 'UPDATE' THEN 2 ELSE 3 END, quantas, coalesce(objetos, '{{}}'), nome,
        linhas, '');
    RETURN NULL;
END $$;

-- An entry gets its words in the transaction that makes it; after that it is only read, and in time discarded.
CREATE FUNCTION telas_auditoria_so_cresce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.transacao = pg_current_xact_id()::text::bigint
        AND (OLD.id, OLD.momento, OLD.transacao, OLD.modelo, OLD.acao, OLD.quantas, OLD.objetos, OLD.nome)
            = (NEW.id, NEW.momento, NEW.transacao, NEW.modelo, NEW.acao, NEW.quantas, NEW.objetos, NEW.nome)
        AND NEW.detalhes @> OLD.detalhes AND OLD.mensagem = ''
    THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' AND current_setting('avisa.descarta_auditoria', true) = 'sim' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'a auditoria nao se altera nem se apaga' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER so_cresce BEFORE UPDATE OR DELETE ON telas_entradaauditoria
    FOR EACH ROW EXECUTE FUNCTION telas_auditoria_so_cresce();
"""

# What the triggers of other tables call: they go with it, and the next `migrate` to here makes them again.
DESFAZER = """
DROP TRIGGER so_cresce ON telas_entradaauditoria;
DROP FUNCTION telas_auditoria_so_cresce();
DROP FUNCTION telas_auditar() CASCADE;
DROP FUNCTION telas_auditoria_visivel(jsonb, jsonb);
DROP FUNCTION telas_auditoria_nome(jsonb, jsonb);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('telas', '0001_inicial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='EntradaAuditoria',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('momento', models.DateTimeField()),
                ('transacao', models.BigIntegerField(verbose_name='transação')),
                ('quem', models.CharField(max_length=150)),
                ('via', models.CharField(blank=True, max_length=150)),
                ('modelo', models.CharField(max_length=100)),
                ('acao', models.PositiveSmallIntegerField(choices=[(1, 'Inclusão'), (2, 'Alteração'), (3, 'Remoção'), (4, 'Outra ação')], verbose_name='ação')),
                ('quantas', models.BigIntegerField(verbose_name='quantos registros')),
                ('objetos', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ('nome', models.CharField(blank=True, max_length=200)),
                ('detalhes', models.JSONField(decoder=telas.models.ComDecimais)),
                ('mensagem', models.TextField(blank=True)),
                ('usuario', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='usuário')),
            ],
            options={
                'verbose_name': 'entrada da auditoria',
                'verbose_name_plural': 'entradas da auditoria',
                'default_permissions': ('view',),
                'indexes': [models.Index(fields=['momento', 'id'], name='auditoria_momento'), models.Index(fields=['quem', 'momento', 'id'], name='auditoria_quem'), models.Index(fields=['modelo', 'momento', 'id'], name='auditoria_modelo'), models.Index(fields=['acao', 'momento', 'id'], name='auditoria_acao'), django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=['objetos'], name='auditoria_objetos')],
            },
        ),
        migrations.RunSQL(FUNCOES, DESFAZER),
    ]
