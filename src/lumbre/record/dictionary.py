"""The dictionary that short bodies are compressed with before they are sealed.

A part of the format: a body with id byte 1 is read with these very bytes, for ever. Another
dictionary gets another id. Words that communities write most stand last, where deflate
reaches them with the shortest codes. docs/FORMAT.md gives its SHA-256.
"""

from __future__ import annotations

from typing import Final

DICTIONARY_1: Final = (
    "the of and to in is it you that he was for on are with as his they be at one have this from "
    "or had by not but some what there we can out other were all your when up use how said an "
    "each she which do their time if will way about many then them would write like so these her "
    "long make thing see him two has look more day could go come did my sound most number who "
    "over know water than call first people may down side been now find any new work part take "
    "get place made live where after back little only round man year came show every good give "
    "our under name very through just form much great think say help low line before turn cause "
    "same mean differ move right boy old too does tell sentence set three want air well also "
    "play small end put home read hand port large spell add even land here must big high such "
    "follow act why ask men change went light kind off need house picture try us again animal "
    "point mother world near build self earth father found invite admit device close remove "
    "appoint dismiss pins quorum rules epoch wrap organisation mandate mandate-end grant approve "
    "adopt fork objection place point people-count observation probe rumour rumour-check good "
    "need need-r confirmed need-closed still-needed offer offer-withdrawn commitment "
    "commitment-withdrawn not-arrived pen pen-passed stocktake received dispatch receipt "
    "handed-out loss way-loss cash mark cash-mark adopted el la los las de del que y en un una "
    "por con para no se lo es al como más pero sus le ya o este sí porque esta entre cuando muy "
    "sin sobre también me hasta hay donde quien desde todo nos durante todos uno les ni contra "
    "otros ese eso ante ellos e esto antes algunos qué unos yo otro otras otra él tanto esa "
    "estos mucho quienes nada muchos cual poco ella estar estas algunas algo nosotros hoy ayer "
    "mañana noche tarde hora horas día días semana agua potable luz gas comida harina arroz "
    "frijoles leche pan aceite azúcar sal medicina insulina diesel gasolina vela velas pilas "
    "batería baterías generador planta tanque camión cisterna bomba tubería pozo hospital "
    "escuela iglesia cancha plaza calle avenida sector barrio edificio bloque torre piso casa "
    "comunal escalera apartamento vecinos familia familias personas niños mayores enfermos "
    "heridos necesitan falta faltan llegar llegó enviar traer llevar entregar recibir buscar "
    "abierto cerrado agotado urgente ayuda afectadas afectados afectado electricidad teléfono "
    "red señal internet radio punto recarga litros kilos bolsas cajas paquetes bombonas "
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=. , ; : "
).encode()
