from tests.browser.test_course import *
@pytest.fixture(autouse=True)
def launcher(page):
    expect(page.locator(".jp-Launcher")).to_be_focused()
