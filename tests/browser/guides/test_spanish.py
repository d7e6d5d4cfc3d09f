"""Pleasanton's guide in Spanish on a phone, from signing up to signing out, mail included."""

from collections.abc import Callable
from io import BytesIO

import pikepdf
import pytest
from playwright.sync_api import Page

from tests.browser.checks import ready
from tests.browser.guides.conftest import PASSWORD, Demo, Resident
from tests.browser.spanish import english

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pleasanton"), pytest.mark.timeout(600)]

CITY = "pleasanton"


def _is_at(who: Resident, heading: str) -> None:
    who.is_at(heading)
    assert who.page.evaluate("document.documentElement.lang") == "es"
    assert english(who.page, CITY) == []


def _activate(who: Resident) -> None:
    page = who.page
    page.goto("/es/sign-in")
    _is_at(who, "Inicie sesión en los servicios de acceso comunitario.")
    who.click("Registrarse")
    _is_at(who, "Crear una cuenta")
    who.fill(Correo_electrónico=who.email, Contraseña=PASSWORD, Nombre="Rosa", Apellido="Vega")
    who.press("Registrarse")
    _is_at(who, "Correo de verificación enviado")
    link = who.link_in_mail(
        "Le damos la bienvenida a su cuenta de Acceso Comunitario", "Activar cuenta"
    )
    assert "/es/activate?" in link
    page.goto(link)
    assert english(page, CITY) == []
    who.press("Activar cuenta")
    _is_at(who, "Su cuenta se ha activado.")
    who.click("Volver a iniciar sesión")
    page.get_by_label("Correo electrónico").fill(who.email)
    page.get_by_label("Contraseña", exact=True).fill(PASSWORD)
    who.press("Iniciar sesión")
    _is_at(who, "Le damos la bienvenida a Autoservicio Ciudadano")


def _link(who: Resident, account: str, cid: str) -> None:
    who.page.goto("/es/utility-billing/accounts")
    ready(who.page)
    _is_at(who, "Cuentas de servicios públicos")
    who.click("Vincular una cuenta")
    _is_at(who, "Vincular una cuenta")
    who.page.get_by_label("¿Cuál es el número de cuenta?").fill(account)
    who.page.get_by_label("¿Cuál es el número de cliente (CID)?").fill(cid)
    who.press("Enviar")
    who.reads("está vinculada")
    assert english(who.page, CITY) == []


def _look(who: Resident, page: Page) -> None:
    who.menu("Resumen de la cuenta")
    _is_at(who, "Resumen de la cuenta")
    who.menu("Administrar facturas")
    _is_at(who, "Administrar facturas")
    page.get_by_role("link", name="Detalles de la factura").first.click()
    _is_at(who, "Detalles de la factura")
    href = page.get_by_role("link", name="Descargar esta factura (PDF)").get_attribute("href")
    assert href is not None
    with pikepdf.open(BytesIO(page.request.get(href).body())) as document:
        assert str(document.Root.Lang).startswith("es")


def _pay(who: Resident, page: Page) -> None:
    who.menu("Administrar facturas")
    who.press("Agregar al carrito")
    page.get_by_role("link", name="Mi carrito (1 factura)").filter(visible=True).click()
    _is_at(who, "Mi carrito")
    who.press("Ir a pagar")
    _is_at(who, "Pagar facturas")
    who.press("Calcular subtotal")
    page.get_by_role("button", name="Continuar").click()
    page.wait_for_url("**/es/pay/*")
    _is_at(who, "Información de facturación")
    who.fill(Nombre="Rosa Vega", Dirección="1 Main Street", Ciudad="Pleasanton")
    who.fill(Código_postal="94566", Correo_electrónico=who.email)
    page.get_by_label("Estado", exact=True).select_option(label="California")
    card = page.frame_locator("[data-pay-element] iframe")
    card.get_by_label("Número de tarjeta").fill("4000 0000 0000 0002")
    card.get_by_label("Vencimiento").fill("12 / 34")
    card.get_by_label("Código de seguridad").fill("123")
    page.get_by_role("button", name="Realizar el pago").click()
    who.reads("No se le ha cobrado nada.")
    card.get_by_label("Número de tarjeta").fill("4242 4242 4242 4242")
    card.get_by_label("Vencimiento").fill("12 / 34")
    card.get_by_label("Código de seguridad").fill("123")
    page.get_by_role("button", name="Realizar el pago").click()
    page.wait_for_url("**/es/receipt*")
    _is_at(who, "Recibo")
    who.reads("Gracias. Recibimos su pago.")
    assert who.link_in_mail("Recibo de su pago", "Ver el recibo")


def _ask(who: Resident, page: Page) -> None:
    who.menu("Mis notificaciones")
    _is_at(who, "Mis notificaciones")
    who.fill(Límite_de_notificación="400", Correo_1=who.email)
    who.press("Guardar")
    who.reads("Guardado. Le escribiremos")
    who.menu("Preferencia de entrega de facturas")
    _is_at(who, "Preferencia de entrega de facturas")
    page.get_by_role("radio", name="Correo postal y electrónico").check()
    page.get_by_role("checkbox").check()
    who.press("Continuar")
    who.press("Guardar")
    who.reads("Recibimos su cambio.")
    assert who.link_in_mail(
        "Se cambió la forma en que recibe sus facturas", "Preferencia de entrega"
    )
    page.goto(page.url.replace("/delivery", "/address"))
    _is_at(who, "Solicitar cambio de dirección")
    who.press("Continuar")
    who.reads("Escriba la ciudad.")
    who.fill(Dirección="PO Box 7", Ciudad="Dublin", Estado="ca", Código_postal="94568")
    who.press("Continuar")
    who.press("Enviar solicitud")
    who.reads("Recibimos su solicitud")
    assert english(page, CITY) == []


def test_everything_in_spanish_on_a_phone(
    resident: Callable[[str, int, str], Resident], demo_of: Callable[[str], Demo]
) -> None:
    who = resident(CITY, 390, "rosa")
    page = who.page
    _activate(who)
    _link(who, *demo_of(CITY).pairs()[2])
    page.goto("/es/utility-billing/accounts")
    ready(page)
    page.locator("main a[href*='/summary?account=']").first.click()
    ready(page)
    _look(who, page)
    _pay(who, page)
    who.menu("Consumo")
    ready(page)
    assert english(page, CITY) == []
    _ask(who, page)
    page.locator("header summary").filter(visible=True).last.click()
    page.get_by_role("button", name="Cerrar sesión").filter(visible=True).click()
    page.wait_for_url("**/es/sign-in*")
    who.reads("Cerró su sesión.")
    assert english(page, CITY) == []
