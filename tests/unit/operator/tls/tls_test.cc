#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/tls/client_ca_file.h"
#include "operator/tls/file_source.h"
#include "operator/tls/material.h"
#include "operator/tls/x509.h"

namespace profiling::tls {
namespace {

using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const TimePoint kNow = std::chrono::system_clock::now();

PemPair caOf(std::string_view name = "test") {
  return *makeCa(name, kNow, hours(24));
}
PemPair leafOf(const PemPair& ca, hours lifetime = hours(12), TimePoint now = kNow) {
  return *issueLeaf(ca, {"webhook.system.svc", "webhook.system.svc.cluster.local"}, now, lifetime);
}

TEST(X509, ALeafCarriesItsNamesAndLifetimeAndVerifiesWithItsCa) {
  const PemPair ca = caOf();
  const PemPair leaf = leafOf(ca);
  const auto info = inspect(leaf.certificate);
  ASSERT_TRUE(info.ok());
  EXPECT_THAT(info->dns_names,
              ElementsAre("webhook.system.svc", "webhook.system.svc.cluster.local"));
  EXPECT_FALSE(info->is_ca);
  EXPECT_NEAR(std::chrono::duration<double>(info->not_after - kNow).count(), 12 * 3600, 2);
  EXPECT_LT(info->not_before, kNow);
  EXPECT_TRUE(inspect(ca.certificate)->is_ca);

  const PemPair other = caOf("other");
  EXPECT_TRUE(issuedBy(leaf.certificate, ca.certificate));
  EXPECT_FALSE(issuedBy(leaf.certificate, other.certificate));
  EXPECT_TRUE(issuedBy(leaf.certificate, other.certificate + ca.certificate));
  EXPECT_EQ(splitBundle(other.certificate + ca.certificate).size(), 2U);
  EXPECT_TRUE(keyMatches(leaf.certificate, leaf.key));
  EXPECT_FALSE(keyMatches(leaf.certificate, ca.key));
}

TEST(X509, GarbageIsRefusedWithoutACrash) {
  for (const std::string garbage :
       {"", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}) {
    EXPECT_FALSE(inspect(garbage).ok());
    EXPECT_FALSE(issuedBy(garbage, garbage));
    EXPECT_FALSE(keyMatches(garbage, garbage));
    EXPECT_TRUE(splitBundle(garbage).empty());
    EXPECT_FALSE(issueLeaf({garbage, garbage}, {"a"}, kNow, hours(1)).ok());
  }
  EXPECT_FALSE(issueLeaf(caOf(), {}, kNow, hours(1)).ok());
}

struct BadPair {
  const char* name;
  PemPair pair;
  const char* words;
};

TEST(Material, RefusesUnusableCertificatesAndKeys) {
  const PemPair ca = caOf();
  const PemPair leaf = leafOf(ca);
  for (const BadPair& bad : {
           BadPair{"no certificate", {"", leaf.key}, "no PEM certificate"},
           BadPair{"no key", {leaf.certificate, "x"}, "no PEM private key"},
           BadPair{"another's key", {leaf.certificate, ca.key}, "does not belong"},
           BadPair{
               "half a file", {leaf.certificate.substr(0, 100), leaf.key}, "no PEM certificate"},
           BadPair{"expired", leafOf(ca, hours(1), kNow - hours(5)), "expired at"},
           BadPair{"not yet valid", leafOf(ca, hours(9), kNow + hours(5)), "not valid before"},
       }) {
    const auto material = parseMaterial(bad.pair.certificate, bad.pair.key, kNow);
    ASSERT_FALSE(material.ok()) << bad.name;
    EXPECT_THAT(material.status().message(), HasSubstr(bad.words)) << bad.name;
    EXPECT_EQ(material.status().message().find("BEGIN"), std::string::npos) << bad.name;
  }
  const auto chain = parseMaterial(leaf.certificate + ca.certificate, leaf.key, kNow);
  ASSERT_TRUE(chain.ok());
  EXPECT_EQ((*chain)->chainSize(), 1U);
}

class FileSourceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "tls-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(const PemPair& pair) const {
    std::ofstream(folder_ + "/tls.crt") << pair.certificate;
    std::ofstream(folder_ + "/tls.key") << pair.key;
  }
  std::string folder_;
};

TEST_F(FileSourceTest, ABadPairNeverReplacesAGoodOne) {
  FileSource source(folder_);
  EXPECT_EQ(source.current(), nullptr);
  EXPECT_THAT(source.reload().message(), HasSubstr("tls.crt cannot be opened"));

  const PemPair ca = caOf();
  write(leafOf(ca));
  ASSERT_TRUE(source.reload().ok());
  const auto first = source.current();
  ASSERT_NE(first, nullptr);
  ASSERT_TRUE(source.reload().ok());
  EXPECT_EQ(source.current(), first) << "the same files are not parsed again";

  write({leafOf(ca).certificate, leafOf(ca).key});
  EXPECT_FALSE(source.reload().ok());
  EXPECT_EQ(source.current(), first);
  write(leafOf(ca));
  ASSERT_TRUE(source.reload().ok());
  EXPECT_NE(source.current(), first);
  EXPECT_EQ(source.reloads(), 2U);
  EXPECT_EQ(source.errors(), 2U);
}

TEST_F(FileSourceTest, AClientCaFileHoldsOneOrMoreCas) {
  EXPECT_THAT(parseClientCa("").status().message(), HasSubstr("no PEM certificate"));
  EXPECT_THAT(parseClientCa(leafOf(caOf()).certificate).status().message(),
              HasSubstr("certificate 1 is not a CA"));
  EXPECT_EQ((*parseClientCa(caOf("a").certificate + caOf("b").certificate))->size(), 2U);
  std::string many;
  for (int i = 0; i < 33; ++i) many += caOf().certificate;
  EXPECT_THAT(parseClientCa(many).status().message(), HasSubstr("more than 32"));
}

TEST_F(FileSourceTest, ABadClientCaNeverReplacesAGoodOne) {
  ClientCaFile source(folder_ + "/ca.crt");
  EXPECT_EQ(source.current(), nullptr);
  const auto write_ca = [&](const std::string& text) {
    std::ofstream(folder_ + "/ca.crt") << text;
  };
  write_ca(caOf("a").certificate);
  ASSERT_TRUE(source.reload().ok());
  const auto first = source.current();
  ASSERT_NE(first, nullptr);
  for (const std::string& bad :
       {std::string(), std::string("-----BEGIN CERT"), leafOf(caOf()).certificate}) {
    write_ca(bad);
    EXPECT_FALSE(source.reload().ok());
    EXPECT_EQ(source.current(), first);
  }
  write_ca(caOf("b").certificate);
  source.start(std::chrono::milliseconds(5));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (source.current() == first && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  EXPECT_NE(source.current(), first);
}

TEST_F(FileSourceTest, PicksUpNewFilesByItself) {
  FileSource source(folder_);
  source.start(std::chrono::milliseconds(5));
  write(leafOf(caOf()));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!source.current() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  EXPECT_NE(source.current(), nullptr);
}

}  // namespace
}  // namespace profiling::tls
